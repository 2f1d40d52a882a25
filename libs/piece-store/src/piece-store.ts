import type { Bitfield, ContentId } from "@piecewise/base";
import type { Manifest } from "@piecewise/manifest";

/** Who contributed bytes to a copy: a number of the caller's choice. */
export type SourceRef = number;
/** One attempt at a piece: 0 is the copy that lies in its place, any other number one in memory. */
export type CopyRef = number;

/**
 * Pieces of one content that can be served.
 *
 * A piece is served only if it was hashed in this process since its file last changed (size, mtime, ctime, inode), and not longer ago
 * than 60 minutes. `prepare` sees to that.
 */
export interface PieceSource extends AsyncDisposable {
  readonly contentId: ContentId;
  readonly manifest: Manifest;
  /** The serialized manifest, kept verbatim. */
  readonly manifestBytes: Uint8Array;
  /** The pieces that are verified and stored. Owned by the source; do not change it. */
  readonly held: Bitfield;
  /**
   * Makes sure that a held piece may be served now: compares the stat of its files, hashes it again if need be.
   * @throws IntegrityError PIECE_DAMAGED if it no longer matches; the piece is then no longer held.
   * @throws StorageError if a file cannot be read; the piece is then no longer held.
   */
  prepare(piece: number): Promise<void>;
  /**
   * Fills `into` with bytes of a prepared piece, from `offset` inside it. Across file boundaries.
   * @throws IntegrityError; StorageError if a file cannot be read; the piece is then no longer held, unless the reason will pass.
   */
  read(piece: number, offset: number, into: Uint8Array): Promise<void>;
  /** Hashes a held piece again, whatever the stat says; false if it is damaged, or is no longer held. @throws StorageError */
  recheck(piece: number): Promise<boolean>;
}

/** What became of a copy whose bytes were all kept. */
export type VerifyResult =
  /** `blamed`: the sources whose ranges in earlier rejected copies of this piece differ from the good copy. */
  | { readonly ok: true; readonly blamed: readonly SourceRef[] }
  | { readonly ok: false };

/**
 * The target of a download, and a source of what it holds so far.
 *
 * Crash contract: bytes are written before the journal says so; the journal is a hint, every piece that it names is hashed again when
 * the store is opened. A crash at any moment loses at most pieces that were in flight, and never yields a wrong byte.
 */
export interface PieceStore extends PieceSource {
  /**
   * Appends a chunk to a copy. The chunks of one copy are appended in order, from 0, without gaps. Takes ownership of `data`: where
   * its ArrayBuffer holds nothing else it is transferred, and `data` is empty soon afterwards.
   * @returns undefined, or, when too many bytes are under way, a promise to wait for before more is appended.
   * Chunks for a piece that is held are dropped. A copy that was discarded or rejected begins anew with the next chunk.
   */
  append(piece: number, copy: CopyRef, source: SourceRef, data: Uint8Array): Promise<void> | undefined;
  /**
   * Hashes a copy of which every byte was appended. A copy that fails is discarded; one of a piece that is held by now is good. A good one
   * that lies in its place is journalled at once: after a crash the piece is there.
   * @throws StorageError if a write failed (disk full); the copy is then discarded.
   */
  verify(piece: number, copy: CopyRef): Promise<VerifyResult>;
  /** Puts a verified copy in its place, and in the journal; then the piece is held. @throws StorageError */
  store(piece: number, copy: CopyRef): Promise<void>;
  /** Forgets a copy. Unknown ones are ignored. */
  discard(piece: number, copy: CopyRef): void;
  /**
   * When every piece is held: syncs, moves everything to its final name, removes the journal. Serving goes on.
   * @returns the absolute path of the file or directory.
   * @throws UsageError OUTPUT_EXISTS if something has appeared there; IntegrityError PIECE_DAMAGED if a piece was lost since it was
   * stored; StorageError. The store then goes on as before. After a sync that failed the next attempt writes all bytes once more.
   */
  finish(): Promise<string>;
}
