import { ReadPace } from "./read-pace.js";

/** After so many in one turn of the event loop everything else has its turn. */
const CALLS_PER_TURN_MAX = 256;

/** Calls to the system that read: made in this very thread while the system answers from its cache. */
class QuickCalls {
  readonly #pace = new ReadPace(() => process.resourceUsage().fsRead);
  #callsInTurn = 0;

  /** The same call, made either here or in another thread. */
  make<T>(here: () => T, elsewhere: () => Promise<T>): T | Promise<T> {
    const startedMs = performance.now();
    if (this.#callsInTurn === CALLS_PER_TURN_MAX || !this.#pace.mayReadAtOnce(startedMs)) return elsewhere();
    if (this.#callsInTurn === 0) setImmediate(() => (this.#callsInTurn = 0)).unref();
    this.#callsInTurn += 1;
    try {
      return here();
    } finally {
      const nowMs = performance.now();
      this.#pace.readAtOnce(nowMs - startedMs, nowMs);
    }
  }
}

/** Those of this process. */
export const quickCalls = new QuickCalls();
