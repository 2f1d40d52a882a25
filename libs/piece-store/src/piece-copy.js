// Plain JavaScript, because the hasher's thread loads it without a build, from the sources as from a bundle.
import { createHash } from "node:crypto";

/** @import { Hash } from "node:crypto" */

/** At most so many contributed ranges of one copy are remembered; what comes after them cannot be blamed on anybody. */
export const RANGES_OF_COPY_MAX = 16;
/** At most so many ranges of rejected copies of one piece are remembered; the oldest are forgotten. */
export const REJECTED_RANGES_OF_PIECE_MAX = 64;
/** At most so many pieces of one store with rejected copies are remembered; the oldest are forgotten. */
export const REJECTED_PIECES_MAX = 1024;

/**
 * Bytes of one copy that one source contributed.
 * @typedef {{ readonly source: number, readonly offset: number, readonly bytes: number, readonly digest: Buffer }} ContributedRange
 */

/** Hashes one attempt at a piece while its bytes come in, and remembers who contributed which of them. */
export class PieceCopy {
  #hash = createHash("sha256");
  #bytes = 0;
  /** @type {ContributedRange[]} */
  #ranges = [];
  /**
   * The range that grows. The first one has no hash of its own: until a second source appears, the hash of the copy is its hash.
   * @type {{ readonly source: number, readonly offset: number, readonly hash: Hash | undefined } | undefined}
   */
  #growing;

  /** How many bytes were appended. */
  get bytes() {
    return this.#bytes;
  }

  /**
   * @param {number} source
   * @param {Uint8Array} data
   */
  append(source, data) {
    if (this.#bytes === 0) this.#growing = { source, offset: 0, hash: undefined };
    else if (this.#growing?.source !== source) this.#turnTo(source);
    this.#hash.update(data);
    this.#growing?.hash?.update(data);
    this.#bytes += data.byteLength;
  }

  /**
   * Ends the copy.
   * @returns {{ readonly digest: Buffer, readonly ranges: readonly ContributedRange[] }} `ranges` is empty if all bytes are of one source.
   */
  finish() {
    if (this.#ranges.length > 0) this.#endRange();
    return { digest: this.#hash.digest(), ranges: this.#ranges };
  }

  /** @param {number} source */
  #turnTo(source) {
    this.#endRange();
    const isFull = this.#ranges.length === RANGES_OF_COPY_MAX;
    this.#growing = isFull ? undefined : { source, offset: this.#bytes, hash: createHash("sha256") };
  }

  #endRange() {
    if (this.#growing === undefined) return;
    const { source, offset, hash } = this.#growing;
    this.#ranges.push({ source, offset, bytes: this.#bytes - offset, digest: (hash ?? this.#hash.copy()).digest() });
    this.#growing = undefined;
  }
}

/** What is known of rejected copies, until a copy of the same piece verifies and shows who was wrong. */
export class RejectedRanges {
  /** @type {Map<number, readonly ContributedRange[]>} */
  #ofPiece = new Map();

  /**
   * @param {number} piece
   * @param {readonly ContributedRange[]} ranges of one rejected copy
   */
  add(piece, ranges) {
    if (ranges.length === 0) return;
    const all = [...(this.#ofPiece.get(piece) ?? []), ...ranges].slice(-REJECTED_RANGES_OF_PIECE_MAX);
    this.#ofPiece.delete(piece);
    this.#ofPiece.set(piece, all);
    if (this.#ofPiece.size <= REJECTED_PIECES_MAX) return;
    for (const oldest of this.#ofPiece.keys()) {
      this.#ofPiece.delete(oldest);
      return;
    }
  }

  /**
   * Says which sources contributed other bytes than the good copy has, and forgets the piece.
   * @param {number} piece
   * @param {Uint8Array} expected the SHA-256 of the piece
   * @param {() => Iterable<Uint8Array>} readGoodCopy its blocks in order; a block is done with when the next is asked for
   * @returns {number[]}
   */
  findBlamed(piece, expected, readGoodCopy) {
    const ranges = this.#ofPiece.get(piece);
    if (ranges === undefined) return [];
    this.#ofPiece.delete(piece);
    const whole = createHash("sha256");
    const hashes = ranges.map(() => createHash("sha256"));
    let offset = 0;
    for (const block of readGoodCopy()) {
      whole.update(block);
      for (const [index, range] of ranges.entries()) {
        const from = Math.max(range.offset - offset, 0);
        const to = Math.min(range.offset + range.bytes - offset, block.byteLength);
        if (from < to) hashes[index]?.update(block.subarray(from, to));
      }
      offset += block.byteLength;
    }
    // A disk that gives back something else than was written must not get anybody banned.
    if (!whole.digest().equals(expected)) return [];
    const blamed = ranges.filter((range, index) => !hashes[index]?.digest().equals(range.digest));
    return [...new Set(blamed.map(({ source }) => source))];
  }
}
