import { assert, Bitfield, CancelledError, type ContentId, IntegrityError } from "@piecewise/base";
import { type Manifest, pieceBytesOf, pieceCountOf, pieceHashOf } from "@piecewise/manifest";
import { PieceCopy, RejectedRanges } from "./piece-copy.js";
import type { CopyRef, PieceStore, SourceRef, VerifyResult } from "./piece-store.js";
import { sha256 } from "./sha256.js";

export interface MemoryStoreOptions {
  readonly contentId: ContentId;
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
}

/** Opens a store that keeps everything in memory, for tests and simulations. Its `finish` returns no path but `memory:` and the content id. */
export const openMemoryStore = (options: MemoryStoreOptions): MemoryStore => new MemoryStore(options);

interface MemoryCopy {
  readonly hashed: PieceCopy;
  readonly chunks: Uint8Array[];
}

/** Create it with `openMemoryStore`. */
export class MemoryStore implements PieceStore {
  readonly contentId: ContentId;
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly held: Bitfield;
  readonly #pieces = new Map<number, Uint8Array>();
  readonly #copies = new Map<number, Map<CopyRef, MemoryCopy>>();
  readonly #rejected = new RejectedRanges();
  #isClosed = false;

  constructor({ contentId, manifest, manifestBytes }: MemoryStoreOptions) {
    this.contentId = contentId;
    this.manifest = manifest;
    this.manifestBytes = manifestBytes;
    this.held = Bitfield.create(pieceCountOf(manifest));
  }

  append(piece: number, copyRef: CopyRef, source: SourceRef, data: Uint8Array): undefined {
    if (this.#isClosed || this.held.has(piece)) return;
    let copies = this.#copies.get(piece);
    if (copies === undefined) this.#copies.set(piece, (copies = new Map<CopyRef, MemoryCopy>()));
    let copy = copies.get(copyRef);
    if (copy === undefined) copies.set(copyRef, (copy = { hashed: new PieceCopy(), chunks: [] }));
    assert(copy.hashed.bytes + data.byteLength <= pieceBytesOf(this.manifest, piece), `copy ${copyRef} of piece ${piece} is too long`);
    copy.hashed.append(source, data);
    copy.chunks.push(data);
  }

  async verify(piece: number, copyRef: CopyRef): Promise<VerifyResult> {
    this.#checkOpen();
    if (this.held.has(piece)) return { ok: true, blamed: [] };
    const copy = this.#completeCopy(piece, copyRef);
    const expected = pieceHashOf(this.manifest, piece);
    const { digest, ranges } = copy.hashed.finish();
    if (digest.equals(expected)) return { ok: true, blamed: this.#rejected.findBlamed(piece, expected, () => copy.chunks) };
    this.#rejected.add(piece, ranges);
    this.discard(piece, copyRef);
    return { ok: false };
  }

  async store(piece: number, copyRef: CopyRef): Promise<void> {
    this.#checkOpen();
    if (this.held.has(piece)) return;
    this.#pieces.set(piece, Buffer.concat(this.#completeCopy(piece, copyRef).chunks));
    this.#copies.delete(piece);
    this.held.add(piece);
  }

  discard(piece: number, copyRef: CopyRef): void {
    const copies = this.#copies.get(piece);
    copies?.delete(copyRef);
    if (copies?.size === 0) this.#copies.delete(piece);
  }

  async prepare(piece: number): Promise<void> {
    this.#heldBytes(piece);
  }

  async read(piece: number, offset: number, into: Uint8Array): Promise<void> {
    const bytes = this.#heldBytes(piece);
    assert(offset >= 0 && offset + into.byteLength <= bytes.byteLength, `${into.byteLength} bytes at ${offset} of ${bytes.byteLength}`);
    into.set(bytes.subarray(offset, offset + into.byteLength));
  }

  async recheck(piece: number): Promise<boolean> {
    this.#checkOpen();
    if (!this.held.has(piece)) return false;
    const isGood = Buffer.compare(sha256(this.#heldBytes(piece)), pieceHashOf(this.manifest, piece)) === 0;
    if (!isGood) this.held.delete(piece);
    return isGood;
  }

  /** Changes a byte of a held piece, as a failing disk would. */
  damage(piece: number): void {
    this.#heldBytes(piece)[0]! ^= 1;
  }

  async finish(): Promise<string> {
    this.#checkOpen();
    if (!this.held.isFull) throw new IntegrityError("PIECE_DAMAGED", "not every piece is held; fetch what is missing first");
    return `memory:${this.contentId}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#copies.clear();
    this.#pieces.clear();
  }

  #completeCopy(piece: number, copyRef: CopyRef): MemoryCopy {
    const copy = this.#copies.get(piece)?.get(copyRef);
    assert(copy?.hashed.bytes === pieceBytesOf(this.manifest, piece), `copy ${copyRef} of piece ${piece} is complete`);
    return copy!;
  }

  #heldBytes(piece: number): Uint8Array {
    this.#checkOpen();
    const bytes = this.held.has(piece) ? this.#pieces.get(piece) : undefined;
    if (bytes === undefined) throw new IntegrityError("PIECE_DAMAGED", `piece ${piece} is not held`);
    return bytes;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new CancelledError("the store is closed");
  }
}
