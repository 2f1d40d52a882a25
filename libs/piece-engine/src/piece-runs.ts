import type { PieceRange } from "./download/events.js";

/** Runs of pieces in one GetPiece call, at most. */
export const RUNS_PER_STREAM_MAX = 64;

/** How many pieces they are. */
export function countPieces(runs: readonly PieceRange[]): number {
  let pieces = 0;
  for (const { count } of runs) pieces += count;
  return pieces;
}

/** Every piece of some runs, in their order. */
export function* piecesOf(runs: readonly PieceRange[]): Generator<number> {
  for (const { first, count } of runs) for (let piece = first; piece < first + count; piece += 1) yield piece;
}

/** Goes through the pieces of some runs, none of which is empty. */
export class PieceCursor {
  #run = 0;
  #inRun = 0;

  constructor(readonly runs: readonly PieceRange[]) {}

  /** The piece at which it stands; -1 after the last. */
  get piece(): number {
    const run = this.runs[this.#run];
    return run === undefined ? -1 : run.first + this.#inRun;
  }

  /** Nothing lies behind it. */
  get isAtStart(): boolean {
    return this.#run === 0 && this.#inRun === 0;
  }

  /** Some of the runs lie behind it, and it stands at the beginning of another. */
  get isBetweenRuns(): boolean {
    return this.#run > 0 && this.#run < this.runs.length && this.#inRun === 0;
  }

  next(): void {
    this.#inRun += 1;
    if (this.#inRun < this.runs[this.#run]!.count) return;
    this.#run += 1;
    this.#inRun = 0;
  }

  /** Whether something is true of the piece at which it stands or any that follows: as `rest`, for those who ask often. */
  someLeft(test: (piece: number) => boolean): boolean {
    for (let i = this.#run; i < this.runs.length; i += 1) {
      const { first, count } = this.runs[i]!;
      for (let piece = i === this.#run ? first + this.#inRun : first; piece < first + count; piece += 1) if (test(piece)) return true;
    }
    return false;
  }

  /** The piece at which it stands and all that follow. */
  *rest(): Generator<number> {
    for (let i = this.#run; i < this.runs.length; i += 1) {
      const { first, count } = this.runs[i]!;
      for (let piece = i === this.#run ? first + this.#inRun : first; piece < first + count; piece += 1) yield piece;
    }
  }
}
