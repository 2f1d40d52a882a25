const BUCKETS = 10;
const BUCKET_MS = 500;
/** Less time than this says nothing about a rate. */
const ELAPSED_MIN_MS = 250;

/** Bytes per second over the last five seconds. */
export class RateMeter {
  readonly #bytes = new Float64Array(BUCKETS);
  #sum = 0;
  /** Number of the newest bucket since time 0. */
  #newest = Number.NEGATIVE_INFINITY;
  #startedAtMs: number | undefined;

  add(bytes: number, nowMs: number): void {
    this.#startedAtMs ??= nowMs;
    this.#turnTo(nowMs);
    this.#bytes[this.#newest % BUCKETS]! += bytes;
    this.#sum += bytes;
  }

  bytesPerSecond(nowMs: number): number {
    if (this.#startedAtMs === undefined) return 0;
    this.#turnTo(nowMs);
    const windowStartMs = (this.#newest - BUCKETS + 1) * BUCKET_MS;
    const elapsedMs = nowMs - Math.max(this.#startedAtMs, windowStartMs);
    return (this.#sum / Math.max(elapsedMs, ELAPSED_MIN_MS)) * 1000;
  }

  #turnTo(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (bucket <= this.#newest) return;
    for (let stale = Math.max(this.#newest + 1, bucket - BUCKETS + 1, 0); stale <= bucket; stale += 1) {
      this.#sum -= this.#bytes[stale % BUCKETS]!;
      this.#bytes[stale % BUCKETS] = 0;
    }
    this.#newest = bucket;
  }
}
