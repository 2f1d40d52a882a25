import type { StreamRef } from "./events.js";
import type { Source } from "./source.js";

/** What one stream was opened for. */
export interface StreamRequest {
  readonly piece: number;
  readonly pieceCount: number;
  /** First byte inside the piece; 0 for a run. */
  readonly offset: number;
  /** Bytes in all. */
  readonly bytes: number;
}

/** A GetPiece call in progress: what must come next, and since when it is waited for. */
export class Stream {
  /** The piece and the offset at which the next chunk has to begin. */
  piece: number;
  offset: number;
  /** Bytes that are still to come. */
  remainingBytes: number;
  /** undefined until it was granted. */
  grantedAtMs: number | undefined;
  /** When something last happened that brought it forward. */
  progressAtMs: number;
  /** The first piece after the last one. */
  readonly endPiece: number;
  readonly #firstPiece: number;

  constructor(
    readonly ref: StreamRef,
    readonly source: Source,
    request: StreamRequest,
    openedAtMs: number,
  ) {
    this.#firstPiece = request.piece;
    this.piece = request.piece;
    this.offset = request.offset;
    this.remainingBytes = request.bytes;
    this.endPiece = request.piece + request.pieceCount;
    this.progressAtMs = openedAtMs;
  }

  /** Every byte came; only its end is waited for. */
  get isDrained(): boolean {
    return this.remainingBytes === 0;
  }

  /** It was opened for several pieces and nothing came: the failure of any of them may be why. */
  get isUnstartedRun(): boolean {
    return this.endPiece - this.#firstPiece > 1 && this.piece === this.#firstPiece && this.offset === 0;
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
      this.piece += 1;
      this.offset = 0;
    }
  }
}
