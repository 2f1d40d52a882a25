import type { FileSpan } from "@piecewise/manifest";
import type { CopyRef, SourceRef, VerifyResult } from "./piece-store.js";

/** What the hasher's thread is started with. */
export interface HasherSettings {
  /** Chunks that add up to so many bytes are acknowledged also when there is nothing to answer: a message for each would cost more than it is worth. */
  readonly untoldBytesMax: number;
}

/** One set of files that the hasher has been told of. */
export type FilesRef = number;

/** What a set of files is opened with. */
export interface FilesToOpen {
  /** Absolute paths, by the index of the entry in the manifest. */
  readonly paths: readonly string[];
  /** Set if pieces are written to these files. */
  readonly target?: {
    /** Exists. Records are appended to it. */
    readonly journalPath: string;
    /** Where copies go that memory has no room for. The name is free, and is free again at once. */
    readonly scratchPath: string;
    readonly pieceLength: number;
  };
}

/** Requests that are answered, by their name. */
export interface HasherCalls {
  /** Makes directories and files where they are missing, and gives the files their lengths. */
  layOut: {
    readonly request: { readonly directories: readonly string[]; readonly files: readonly { readonly entryIndex: number; readonly bytes: number }[] };
    readonly result: undefined;
  };
  /**
   * `spans` is where the piece belongs. If the copy lies there and is right, `record` is appended to the journal: it takes another call
   * less than if somebody had to ask for it.
   */
  verify: {
    readonly request: {
      readonly piece: number;
      readonly copy: CopyRef;
      readonly expected: Uint8Array;
      readonly record: Uint8Array;
      readonly spans: readonly FileSpan[];
    };
    readonly result: VerifyResult;
  };
  /** Puts a verified copy that lies elsewhere in its place, then appends `record` to the journal. Every other copy of the piece is forgotten. */
  store: {
    readonly request: { readonly piece: number; readonly copy: CopyRef; readonly record: Uint8Array; readonly spans: readonly FileSpan[] };
    readonly result: undefined;
  };
  /**
   * Reads and hashes pieces; the result is one SHA-256 after the other. A file that is too short gives a wrong one. With `writeAgain` what
   * is read is also written to where it was, so that a sync brings it to the disk even if the system takes it for written.
   */
  hash: { readonly request: { readonly pieces: readonly (readonly FileSpan[])[]; readonly writeAgain?: boolean }; readonly result: Uint8Array };
  /** Brings files to the disk, one after the other; the result is how many, for it leaves the rest if the disk takes its time. */
  sync: { readonly request: { readonly entryIndices: readonly number[] }; readonly result: number };
  /** Closes the descriptors; they are opened again when needed. */
  releaseFiles: { readonly request: Record<never, never>; readonly result: undefined };
  /** Forgets the set. */
  closeFiles: { readonly request: Record<never, never>; readonly result: undefined };
}
export type HasherCallName = keyof HasherCalls;

export type HasherCallRequest = {
  [Name in HasherCallName]: { readonly type: Name; readonly call: number; readonly set: FilesRef } & HasherCalls[Name]["request"];
}[HasherCallName];

export type HasherRequest =
  | ({ readonly type: "openFiles"; readonly set: FilesRef } & FilesToOpen)
  /** `spans` is where the chunk belongs; undefined for a copy that does not lie in its place. */
  | {
      readonly type: "append";
      readonly set: FilesRef;
      readonly piece: number;
      readonly copy: CopyRef;
      readonly source: SourceRef;
      readonly data: Uint8Array<ArrayBuffer>;
      readonly spans: readonly FileSpan[] | undefined;
    }
  | { readonly type: "discard"; readonly set: FilesRef; readonly piece: number; readonly copy: CopyRef }
  | HasherCallRequest;

/** An error of the system, as it crosses between threads. */
export interface SystemFailure {
  /** Such as `ENOSPC`. */
  readonly code: string;
  readonly message: string;
  readonly path: string;
  readonly action: "read" | "write";
}

/** Everything that was asked for since the last message, in order. */
export type HasherRequests = readonly HasherRequest[];

/** What came of one `HasherRequests`. */
export interface HasherResponse {
  /** Bytes of appended chunks that are done with since the last response. */
  readonly consumedBytes: number;
  /** Memory of such chunks that nobody holds any longer, transferred back. */
  readonly released: readonly { readonly set: FilesRef; readonly buffer: ArrayBuffer }[];
  readonly answers: readonly HasherAnswer[];
}

export type HasherAnswer = { readonly call: number } & ({ readonly result: unknown } | { readonly failure: SystemFailure });
