/** A sample covers at least so much time, so that a burst of chunks counts as one. */
const SAMPLE_MS = 250;
/** A whole answer that came faster is taken to have needed so long: clocks are coarse. */
const SAMPLE_MIN_MS = 5;
/** How much the newest sample counts. */
const SAMPLE_WEIGHT = 0.5;

/**
 * How fast one peer delivers while it is asked for something. Time in which nothing was asked for does not count against it, and a peer
 * whose chunks take longer than any fixed window is measured as well as a fast one.
 */
export class SourceRate {
  #bytesPerSecond: number | undefined;
  #sampleBytes = 0;
  #chunkBytesMax = 0;
  #sampleStartMs: number | undefined;

  /** Something is being asked for from now on. */
  begin(nowMs: number): void {
    this.#sampleStartMs ??= nowMs;
  }

  add(bytes: number, nowMs: number): void {
    this.#sampleBytes += bytes;
    this.#chunkBytesMax = Math.max(this.#chunkBytesMax, bytes);
    if (this.#sampleStartMs !== undefined && nowMs - this.#sampleStartMs >= SAMPLE_MS) {
      this.#fold(nowMs);
      this.#sampleStartMs = nowMs;
    }
  }

  /** Nothing is being asked for any more. */
  end(nowMs: number): void {
    if (this.#sampleBytes > 0) this.#fold(nowMs);
    this.#sampleStartMs = undefined;
  }

  /** What was measured, in bytes per second; undefined before anything was. */
  get measured(): number | undefined {
    return this.#bytesPerSecond;
  }

  /** What to expect now: less than what was measured when the peer has been silent for long since. */
  expected(nowMs: number): number | undefined {
    if (this.#bytesPerSecond === undefined || this.#sampleStartMs === undefined) return this.#bytesPerSecond;
    const silentMs = nowMs - this.#sampleStartMs;
    if (silentMs < SAMPLE_MS * 2) return this.#bytesPerSecond;
    // A chunk arrives whole, so one may be just about to.
    return Math.min(this.#bytesPerSecond, ((this.#sampleBytes + this.#chunkBytesMax) * 1000) / silentMs);
  }

  #fold(nowMs: number): void {
    const elapsedMs = Math.max(nowMs - (this.#sampleStartMs ?? nowMs), SAMPLE_MIN_MS);
    const sample = (this.#sampleBytes / elapsedMs) * 1000;
    this.#bytesPerSecond = this.#bytesPerSecond === undefined ? sample : this.#bytesPerSecond + (sample - this.#bytesPerSecond) * SAMPLE_WEIGHT;
    this.#sampleBytes = 0;
  }
}
