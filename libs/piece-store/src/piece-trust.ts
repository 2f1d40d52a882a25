import { type FileStamp, isSameFile, isSameStamp } from "./file-stamp.js";

/** A piece that was hashed longer ago than this is hashed again before it is served. */
export const HASH_AGE_MAX_MS = 60 * 60 * 1000;

/**
 * Remembers which pieces may be served without being hashed again. It tracks
 * 1. what each file looked like when it was last looked at, and in which generation that was seen to change;
 * 2. when, and in which generation, each piece was hashed.
 * A piece is trusted while none of its files changed in a later generation, and while its hash is not too old.
 */
export class PieceTrust {
  readonly #stamps: (FileStamp | undefined)[];
  readonly #changedIn: Float64Array;
  readonly #hashedIn: Float64Array;
  readonly #hashedAtMs: Float64Array;
  #generation = 1;
  /** While we write to the files ourselves, their times change all the time: only their identity and length count. */
  #ignoresTimes: boolean;

  constructor(counts: { readonly entries: number; readonly pieces: number }, ignoresTimes: boolean) {
    this.#stamps = Array.from({ length: counts.entries }, () => undefined);
    this.#changedIn = new Float64Array(counts.entries);
    this.#hashedIn = new Float64Array(counts.pieces);
    this.#hashedAtMs = new Float64Array(counts.pieces);
    this.#ignoresTimes = ignoresTimes;
  }

  /** Grows whenever a file is seen to have changed. */
  get generation(): number {
    return this.#generation;
  }

  /** Notes what a file looks like; false if it has changed since it was last looked at. The first look is no change. */
  look(entryIndex: number, stamp: FileStamp): boolean {
    const known = this.#stamps[entryIndex];
    this.#stamps[entryIndex] = stamp;
    if (known === undefined || (this.#ignoresTimes ? isSameFile : isSameStamp)(known, stamp)) return true;
    this.#generation += 1;
    this.#changedIn[entryIndex] = this.#generation;
    return false;
  }

  /** The files are complete: from now on every change counts. What they look like now is noted with the next look. */
  filesCompleted(): void {
    this.#ignoresTimes = false;
    this.#stamps.fill(undefined);
  }

  /** @param generation in which the hashing began: a file that changed meanwhile was read before or after, who knows. */
  pieceHashed(piece: number, generation: number, nowMs: number): void {
    this.#hashedIn[piece] = generation;
    this.#hashedAtMs[piece] = nowMs;
  }

  /** @param entries the files in which the piece lies. */
  isTrusted(piece: number, entries: readonly { readonly entryIndex: number }[], nowMs: number): boolean {
    const hashedIn = this.#hashedIn[piece]!;
    if (hashedIn === 0 || nowMs - this.#hashedAtMs[piece]! > HASH_AGE_MAX_MS) return false;
    return entries.every(({ entryIndex }) => this.#changedIn[entryIndex]! <= hashedIn);
  }
}
