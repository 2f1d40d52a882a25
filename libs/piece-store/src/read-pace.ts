/** A call to the system that takes so long waited for the disk, or for a processor … */
const SLOW_MS = 5;
/** … and if it was the disk, other threads wait for it so long; twice as long each time that the next attempt is slow, too. */
const BACK_OFF_MS_MIN = 100;
const BACK_OFF_MS_MAX = 10_000;

/**
 * Whether files may be read in this very thread. What the system has in its cache is there sooner than another thread wakes up; a disk
 * would hold up everything else. Which of the two it is shows only in how long a read takes, so now and then one is tried.
 */
export class ReadPace {
  #backOffMs = BACK_OFF_MS_MIN;
  #atOnceFromMs = Number.NEGATIVE_INFINITY;
  #diskReads: number;

  /** @param diskReads how often this process has waited for a disk so far. */
  constructor(private readonly diskReads: () => number) {
    this.#diskReads = diskReads();
  }

  mayReadAtOnce(nowMs: number): boolean {
    return nowMs >= this.#atOnceFromMs;
  }

  /** A read in this thread is done. */
  readAtOnce(tookMs: number, nowMs: number): void {
    if (tookMs < SLOW_MS || !this.#hasDiskBeenRead()) {
      this.#backOffMs = BACK_OFF_MS_MIN;
      return;
    }
    this.#atOnceFromMs = nowMs + this.#backOffMs;
    this.#backOffMs = Math.min(this.#backOffMs * 2, BACK_OFF_MS_MAX);
  }

  #hasDiskBeenRead(): boolean {
    const before = this.#diskReads;
    this.#diskReads = this.diskReads();
    return this.#diskReads > before;
  }
}
