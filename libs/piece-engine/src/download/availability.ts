import type { Bitfield, Prng } from "@piecewise/base";
import type { DownloadPolicies } from "./policies.js";

/**
 * The pieces that nobody was asked for yet, in the order in which they should be: by rank, which as a rule is rarest first, ties at random.
 *
 * It tracks
 * 1. for every piece, how many sources offer it, without those that offer everything: these are one number;
 * 2. for every rank, the bucket of the missing pieces that have it, in random order;
 * 3. for every missing piece, where in its bucket it is.
 * So a change of one piece costs one swap, and the joining of a source that has everything costs nothing.
 */
export class Availability {
  /** Sources that offer every piece. */
  fullSources = 0;
  readonly #offered: Uint16Array;
  readonly #positions: Int32Array;
  readonly #buckets: number[][] = [[]];
  #count = 0;
  /** Of the missing pieces: those that nobody offers but `fullSources`. */
  #unoffered = 0;

  constructor(
    pieceCount: number,
    private readonly prng: Prng,
    private readonly rankOf: DownloadPolicies["rankOf"],
  ) {
    this.#offered = new Uint16Array(pieceCount);
    this.#positions = new Int32Array(pieceCount).fill(-1);
  }

  /** Missing pieces. */
  get count(): number {
    return this.#count;
  }

  /** Missing pieces that at least one source offers. */
  get offeredCount(): number {
    return this.fullSources > 0 ? this.#count : this.#count - this.#unoffered;
  }

  has(piece: number): boolean {
    return this.#positions[piece]! >= 0;
  }

  /** How many sources offer a piece. */
  of(piece: number): number {
    return this.fullSources + this.#offered[piece]!;
  }

  /** The piece is missing. */
  add(piece: number): void {
    if (this.has(piece)) return;
    this.#insert(piece);
    this.#count += 1;
  }

  /** The piece is missing no more. */
  remove(piece: number): void {
    if (!this.has(piece)) return;
    this.#extract(piece);
    this.#count -= 1;
  }

  /** One source more, or one less, offers the piece. */
  change(piece: number, by: 1 | -1): void {
    if (!this.has(piece)) {
      this.#offered[piece]! += by;
      return;
    }
    this.#extract(piece);
    this.#offered[piece]! += by;
    this.#insert(piece);
  }

  /**
   * The missing pieces that are offered, those of the smallest rank first. `isFull` says that the one who offers is among `fullSources`:
   * nobody else has anything in the first bucket. Nothing may change while they are gone through.
   */
  *rarestFirst(offers: Bitfield, isFull: boolean): Generator<number> {
    for (let rank = isFull ? 0 : 1; rank < this.#buckets.length; rank += 1) {
      const bucket = this.#buckets[rank]!;
      for (let i = bucket.length - 1; i >= 0; i -= 1) {
        const piece = bucket[i]!;
        if (offers.has(piece)) yield piece;
      }
    }
  }

  #insert(piece: number): void {
    const offered = this.#offered[piece]!;
    if (offered === 0) this.#unoffered += 1;
    const rank = this.rankOf(piece, offered);
    while (this.#buckets.length <= rank) this.#buckets.push([]);
    const bucket = this.#buckets[rank]!;
    const position = this.prng.below(bucket.length + 1);
    const displaced = bucket[position];
    if (displaced !== undefined) this.#place(bucket, bucket.length, displaced);
    this.#place(bucket, position, piece);
  }

  #extract(piece: number): void {
    const offered = this.#offered[piece]!;
    if (offered === 0) this.#unoffered -= 1;
    const bucket = this.#buckets[this.rankOf(piece, offered)]!;
    const position = this.#positions[piece]!;
    const last = bucket.pop()!;
    if (last !== piece) this.#place(bucket, position, last);
    this.#positions[piece] = -1;
  }

  #place(bucket: number[], position: number, piece: number): void {
    bucket[position] = piece;
    this.#positions[piece] = position;
  }
}
