import { PieceCursor } from "../piece-runs.js";
import type { PieceRange, StreamRef } from "./events.js";
import type { Source } from "./source.js";

/** What one stream was opened for. */
export interface StreamRequest {
  readonly runs: readonly PieceRange[];
  /** First byte inside the piece; 0 if there are several. */
  readonly offset: number;
  /** Bytes in all. */
  readonly bytes: number;
}

/** A GetPiece call in progress: what must come next, and since when it is waited for. */
export class Stream {
  /** Where in its piece the next chunk has to begin. */
  offset: number;
  /** Bytes that are still to come. */
  remainingBytes: number;
  /** undefined until it was granted. */
  grantedAtMs: number | undefined;
  /** When something last happened that brought it forward. */
  progressAtMs: number;
  readonly #cursor: PieceCursor;

  constructor(
    readonly ref: StreamRef,
    readonly source: Source,
    request: StreamRequest,
    openedAtMs: number,
  ) {
    this.#cursor = new PieceCursor(request.runs);
    this.offset = request.offset;
    this.remainingBytes = request.bytes;
    this.progressAtMs = openedAtMs;
  }

  /** The piece to which the next chunk has to belong; -1 if none is to come. */
  get piece(): number {
    return this.#cursor.piece;
  }

  /** The pieces that did not come to their end, in order. */
  get piecesLeft(): Iterable<number> {
    return this.#cursor.rest();
  }

  /** Whether this is true of any of them. */
  hasLeft(test: (piece: number) => boolean): boolean {
    return this.#cursor.someLeft(test);
  }

  /** Every byte came; only its end is waited for. */
  get isDrained(): boolean {
    return this.remainingBytes === 0;
  }

  /** It was opened for several pieces and nothing came: the failure of any of them may be why. */
  get isUnstartedRun(): boolean {
    const { runs, isAtStart } = this.#cursor;
    return isAtStart && this.offset === 0 && (runs.length > 1 || runs[0]!.count > 1);
  }

  /** Some of its runs came whole and nothing of the others. */
  get isBetweenRuns(): boolean {
    return this.#cursor.isBetweenRuns && this.offset === 0;
  }

  /** Whether a chunk is exactly what has to come next. `pieceBytes` is the length of the current piece. */
  expects(piece: number, offset: number, bytes: number, pieceBytes: number): boolean {
    if (piece !== this.piece || offset !== this.offset || !Number.isInteger(bytes) || bytes < 1) return false;
    return bytes <= Math.min(this.remainingBytes, pieceBytes - this.offset);
  }

  /** Takes an expected chunk. */
  advance(bytes: number, pieceBytes: number, nowMs: number): void {
    this.progressAtMs = nowMs;
    this.remainingBytes -= bytes;
    this.offset += bytes;
    if (this.offset === pieceBytes) {
      this.#cursor.next();
      this.offset = 0;
    }
  }
}
