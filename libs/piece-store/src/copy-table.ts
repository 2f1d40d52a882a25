import { assert } from "@piecewise/base";
import type { CopyRef } from "./piece-store.js";

/** At most so many copies of one store are under way; more is a bug of the caller, whose windows are far smaller. */
export const COPIES_UNDER_WAY_MAX = 16_384;

/** How far the copies are that chunks are appended to. */
export class CopyTable {
  readonly #bytesOf = new Map<number, Map<CopyRef, number>>();
  #count = 0;

  /** @returns where in the piece the chunk belongs: behind what was appended before. */
  append(piece: number, copy: CopyRef, chunkBytes: number, pieceBytes: number): number {
    let copies = this.#bytesOf.get(piece);
    if (copies === undefined) this.#bytesOf.set(piece, (copies = new Map<CopyRef, number>()));
    const offset = copies.get(copy);
    if (offset === undefined) this.#count += 1;
    assert(this.#count <= COPIES_UNDER_WAY_MAX, `more than ${COPIES_UNDER_WAY_MAX} copies are under way`);
    const end = (offset ?? 0) + chunkBytes;
    assert(end <= pieceBytes, `copy ${copy} of piece ${piece} gets ${end} of ${pieceBytes} bytes`);
    copies.set(copy, end);
    return offset ?? 0;
  }

  /** Forgets a copy. @returns how many bytes it had. */
  take(piece: number, copy: CopyRef): number {
    const copies = this.#bytesOf.get(piece);
    const bytes = copies?.get(copy);
    if (copies === undefined || bytes === undefined) return 0;
    copies.delete(copy);
    this.#count -= 1;
    if (copies.size === 0) this.#bytesOf.delete(piece);
    return bytes;
  }

  /** Forgets all copies of a piece. @returns which they were. */
  takeAll(piece: number): readonly CopyRef[] {
    const copies = [...(this.#bytesOf.get(piece)?.keys() ?? [])];
    this.#count -= copies.length;
    this.#bytesOf.delete(piece);
    return copies;
  }
}
