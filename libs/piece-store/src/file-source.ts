import { type Bitfield, CancelledError, type ContentId, displayText, IntegrityError, StorageError } from "@piecewise/base";
import { createFileMap, type FileMap, type FileSpan, type Manifest, pieceBytesOf, pieceCountOf, pieceHashOf } from "@piecewise/manifest";
import { stampEntries } from "./entry-stamps.js";
import type { FileStamp } from "./file-stamp.js";
import { forEachFile } from "./for-each-file.js";
import type { HashedFiles } from "./hasher.js";
import { type OpenFile, servedFiles } from "./open-files.js";
import type { PieceSource } from "./piece-store.js";
import { PieceTrust } from "./piece-trust.js";
import { toStorageError } from "./storage-error.js";

// A file that changes while it is hashed is hashed once more; one that never rests cannot be served.
const HASH_ATTEMPTS_MAX = 2;

export interface FileSourceOptions {
  readonly contentId: ContentId;
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  /** Owned by the source from now on. */
  readonly held: Bitfield;
  /** Absolute paths, by the index of the entry in the manifest. */
  readonly paths: readonly string[];
  /** The same files. */
  readonly files: HashedFiles;
  /** Whether the files are closed with the source. */
  readonly ownsFiles: boolean;
  /** Whether we write to these files ourselves, so that a new time of theirs means nothing. */
  readonly isBeingWritten: boolean;
  /** A clock that only goes forward. Default: that of the process. */
  readonly nowMs?: (() => number) | undefined;
}

/** Serves pieces from files, in place. */
export class FileSource implements PieceSource {
  readonly contentId: ContentId;
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly held: Bitfield;
  readonly #ownsFiles: boolean;
  readonly #fileMap: FileMap;
  readonly #nowMs: () => number;
  readonly #trust: PieceTrust;
  readonly #hashing = new Map<number, Promise<boolean>>();
  /** Through which descriptor a file was last looked at. */
  readonly #lookedThrough = new Map<number, OpenFile>();
  readonly #underWay = new Set<Promise<unknown>>();
  #paths: readonly string[];
  #files: HashedFiles;
  #moving: Promise<void> | undefined;
  #isClosed = false;

  constructor({ contentId, manifest, manifestBytes, held, paths, files, isBeingWritten, ownsFiles, nowMs }: FileSourceOptions) {
    this.contentId = contentId;
    this.manifest = manifest;
    this.manifestBytes = manifestBytes;
    this.held = held;
    this.#paths = paths;
    this.#files = files;
    this.#ownsFiles = ownsFiles;
    this.#fileMap = createFileMap(manifest);
    this.#nowMs = nowMs ?? (() => performance.now());
    this.#trust = new PieceTrust({ entries: manifest.entries.length, pieces: pieceCountOf(manifest) }, isBeingWritten);
  }

  /** The piece was hashed just now, by whoever received or shares it. */
  pieceHashed(piece: number): void {
    this.#trust.pieceHashed(piece, this.#trust.generation, this.#nowMs());
  }

  /** Notes what a file looked like before its pieces were hashed. */
  fileLookedLike(entryIndex: number, stamp: FileStamp): void {
    this.#trust.look(entryIndex, stamp);
  }

  /** Runs `move`, which gives the complete files other names, while nothing is served; what came meanwhile goes on afterwards. */
  async whileAtRest(move: () => Promise<{ readonly paths: readonly string[]; readonly files: HashedFiles }>): Promise<void> {
    const moving = this.#moveAtRest(move);
    this.#moving = moving.catch(() => undefined);
    await moving.finally(() => {
      this.#moving = undefined;
    });
  }

  async #moveAtRest(move: () => Promise<{ readonly paths: readonly string[]; readonly files: HashedFiles }>): Promise<void> {
    await Promise.allSettled(this.#underWay);
    const { paths, files } = await move();
    for (const path of this.#paths) servedFiles.forget(path);
    this.#paths = paths;
    this.#files = files;
    this.#lookedThrough.clear();
    this.#trust.filesCompleted();
    for (const [entryIndex, stamp] of await stampEntries(this.manifest, paths)) this.#trust.look(entryIndex, stamp);
  }

  prepare(piece: number): Promise<void> {
    return this.#run(() => this.#prepare(piece));
  }

  read(piece: number, offset: number, into: Uint8Array): Promise<void> {
    return this.#run(() => this.#read(piece, offset, into));
  }

  recheck(piece: number): Promise<boolean> {
    return this.#run(async () => this.held.has(piece) && this.#hash(piece));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#underWay);
    for (const path of this.#paths) servedFiles.forget(path);
    await servedFiles.settle();
    if (this.#ownsFiles) await this.#files[Symbol.asyncDispose]();
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    while (this.#moving !== undefined) await this.#moving;
    if (this.#isClosed) throw new CancelledError("the content is no longer served");
    const running = work();
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  async #prepare(piece: number): Promise<void> {
    if (!this.held.has(piece)) throw notHeld(piece);
    const spans = this.#spansOf(piece);
    for (let hashed = 0; ; hashed += 1) {
      await this.#lookAt(piece, spans);
      if (this.#trust.isTrusted(piece, spans, this.#nowMs())) return;
      if (hashed === HASH_ATTEMPTS_MAX) break;
      if (!(await this.#hash(piece))) throw new IntegrityError("PIECE_DAMAGED", `piece ${piece} has changed on this machine; share it again`);
    }
    this.held.delete(piece);
    throw new IntegrityError("PIECE_DAMAGED", `the files of piece ${piece} change all the time; share them when they are complete`);
  }

  async #read(piece: number, offset: number, into: Uint8Array): Promise<void> {
    if (!this.held.has(piece)) throw notHeld(piece);
    let done = 0;
    const parts = this.#fileMap.spans(piece, offset, into.byteLength).map((span) => {
      const part = into.subarray(done, done + span.bytes);
      done += span.bytes;
      return { span, part };
    });
    await this.#orDrop(piece, () => forEachFile(parts, ({ span, part }) => this.#readSpan(span, part)));
  }

  #readSpan({ entryIndex, fileOffset }: FileSpan, into: Uint8Array): Promise<void> {
    return this.#withFile(entryIndex, async (file) => {
      // A descriptor that was opened since may be another file's.
      const isSame = this.#lookedThrough.get(entryIndex) === file || this.#trust.look(entryIndex, await file.stamp());
      if (!isSame) throw this.#changed(entryIndex);
      for (let done = 0; done < into.byteLength; ) {
        const bytes = await file.read(done === 0 ? into : into.subarray(done), fileOffset + done);
        if (bytes === 0) throw this.#changed(entryIndex);
        done += bytes;
      }
    });
  }

  /** False if the piece is damaged; then it is no longer held. Callers at the same time share one run. */
  #hash(piece: number): Promise<boolean> {
    const running = this.#hashing.get(piece) ?? this.#hashOnce(piece).finally(() => this.#hashing.delete(piece));
    this.#hashing.set(piece, running);
    return running;
  }

  async #hashOnce(piece: number): Promise<boolean> {
    const { generation } = this.#trust;
    const isGood = await this.#orDrop(piece, async () => {
      const digest = await this.#files.call("hash", { pieces: [this.#spansOf(piece)] });
      return Buffer.compare(digest, pieceHashOf(this.manifest, piece)) === 0;
    });
    if (isGood) this.#trust.pieceHashed(piece, generation, this.#nowMs());
    else this.held.delete(piece);
    return isGood;
  }

  #lookAt(piece: number, spans: readonly FileSpan[]): Promise<void> {
    return this.#orDrop(piece, () => forEachFile(spans, ({ entryIndex }) => this.#lookAtFile(entryIndex)));
  }

  async #lookAtFile(entryIndex: number): Promise<void> {
    const look = (): Promise<boolean> =>
      this.#withFile(entryIndex, async (file) => {
        this.#lookedThrough.set(entryIndex, file);
        return this.#trust.look(entryIndex, await file.stamp());
      });
    if (await look()) return;
    // It may have been replaced by another of the same name, which is the one to look at.
    servedFiles.forget(this.#paths[entryIndex]!);
    await look();
  }

  async #withFile<T>(entryIndex: number, use: (file: OpenFile) => Promise<T>): Promise<T> {
    const path = this.#paths[entryIndex]!;
    try {
      return await servedFiles.with(path, use);
    } catch (error) {
      if (error instanceof IntegrityError) throw error;
      throw toStorageError(error, "read", path);
    }
  }

  /** A piece whose files cannot be read is no longer held, unless the reason will pass. */
  async #orDrop<T>(piece: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StorageError && !error.retryable) this.held.delete(piece);
      throw error;
    }
  }

  #spansOf(piece: number): FileSpan[] {
    return this.#fileMap.spans(piece, 0, pieceBytesOf(this.manifest, piece));
  }

  #changed(entryIndex: number): IntegrityError {
    return new IntegrityError("CONTENT_CHANGED", `"${displayText(this.#paths[entryIndex]!)}" has changed while it was served; share it again`);
  }
}

const notHeld = (piece: number): IntegrityError => new IntegrityError("PIECE_DAMAGED", `piece ${piece} is not held`);
