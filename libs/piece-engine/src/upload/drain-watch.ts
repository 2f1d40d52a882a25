import { KIB } from "@piecewise/base";
import type { Slots } from "./slots.js";
import { unsentBytes, type UploadRequest } from "./upload-request.js";

/** A granted stream must drain at least so fast while others want its slot. */
export const DRAIN_FLOOR_BYTES_PER_SECOND = 16 * KIB;
/** It is judged after so much time of that kind, or after the time that one chunk takes at the floor if that is longer. */
export const DRAIN_MEASURE_MS = 10_000;

/** What a stream is judged by unless chunks are smaller: some 32 seconds at the floor. */
const MEASURE_BYTES = 512 * KIB;
// Sums of fractional times need not come out even.
const TOLERANCE_MS = 0.5;

/**
 * Finds granted streams that hold a slot and hardly use it. Only such time counts in which another caller wanted the slot, and in which
 * the stream was not held up by our own rate limit.
 */
export class DrainWatch {
  readonly #slots: Slots;
  readonly #measureBytesMin: number;

  constructor(slots: Slots, chunkBytesMax: number) {
    this.#slots = slots;
    this.#measureBytesMin = Math.max(Math.min(chunkBytesMax, MEASURE_BYTES), (DRAIN_FLOOR_BYTES_PER_SECOND * DRAIN_MEASURE_MS) / 1000);
  }

  /** A granted stream that is too slow and whose slot somebody else gets if it is stopped now. */
  findTooSlow(nowMs: number): UploadRequest | undefined {
    for (const request of this.#slots.granted()) {
      if (request.measuredSinceMs !== undefined) {
        request.measuredMs += nowMs - request.measuredSinceMs;
        request.measuredSinceMs = nowMs;
      }
      if (request.measuredMs < this.#measureMs(request) - TOLERANCE_MS) continue;
      if (request.measuredBytes >= this.#measureBytes(request)) {
        request.measuredMs = 0;
        request.measuredBytes = 0;
      } else if (this.#slots.isWantedByOthers(request)) {
        return request;
      }
    }
    return undefined;
  }

  /** Starts and stops the clocks after everything else has been decided; returns when the first verdict is due. */
  restart(nowMs: number): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const request of this.#slots.granted()) {
      const isOurTurn = request.sends.length === 0 && unsentBytes(request) > 0;
      const isMeasured = !isOurTurn && this.#slots.isWantedByOthers(request);
      request.measuredSinceMs = isMeasured ? nowMs : undefined;
      if (isMeasured) dueMs = Math.min(dueMs, nowMs + Math.max(0, this.#measureMs(request) - request.measuredMs));
    }
    return dueMs;
  }

  /** What must have drained when the time has come that the floor gives for it: one chunk at least, for it is seen to drain only whole. */
  #measureBytes({ caller }: UploadRequest): number {
    return Math.max(caller.chunkBytes, this.#measureBytesMin);
  }

  #measureMs(request: UploadRequest): number {
    return Math.ceil((this.#measureBytes(request) / DRAIN_FLOOR_BYTES_PER_SECOND) * 1000);
  }
}
