import { KIB } from "@piecewise/base";
import type { Slots } from "./slots.js";
import { unsentBytes, type UploadRequest } from "./upload-request.js";

/** A granted stream must drain at least so fast while others want its slot. */
export const DRAIN_FLOOR_BYTES_PER_SECOND = 16 * KIB;
/** It is judged after so much time of that kind, or after the time that one chunk takes at the floor if that is longer. */
export const DRAIN_MEASURE_MS = 10_000;

// Sums of fractional times need not come out even.
const TOLERANCE_MS = 0.5;

/**
 * Finds granted streams that hold a slot and hardly use it. Only such time counts in which another caller wanted the slot, and in which
 * the stream was not held up by our own rate limit.
 */
export class DrainWatch {
  readonly #slots: Slots;
  readonly #measureMs: number;

  constructor(slots: Slots, chunkBytes: number) {
    this.#slots = slots;
    this.#measureMs = Math.max(DRAIN_MEASURE_MS, Math.ceil((chunkBytes / DRAIN_FLOOR_BYTES_PER_SECOND) * 1000));
  }

  /** A granted stream that is too slow and whose slot somebody else gets if it is stopped now. */
  findTooSlow(nowMs: number): UploadRequest | undefined {
    for (const request of this.#slots.granted()) {
      if (request.measuredSinceMs !== undefined) {
        request.measuredMs += nowMs - request.measuredSinceMs;
        request.measuredSinceMs = nowMs;
      }
      if (request.measuredMs < this.#measureMs - TOLERANCE_MS) continue;
      if (request.measuredBytes >= (DRAIN_FLOOR_BYTES_PER_SECOND * request.measuredMs) / 1000) {
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
      if (isMeasured) dueMs = Math.min(dueMs, nowMs + Math.max(0, this.#measureMs - request.measuredMs));
    }
    return dueMs;
  }
}
