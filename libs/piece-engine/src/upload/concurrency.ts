/** Requests of peers that are served at a time, at least and at first: a few keep a line full, and each is soon there whole to be passed on. */
export const SERVED_AT_ONCE_MIN = 4;
/** After a change the transport takes in more than it sends, or less: for so long nothing is measured … */
const SETTLE_MS = 250;
/** … then for so long at least, and so many chunks. */
const MEASURE_MS = 500;
const MEASURE_CHUNKS = 16;
/** When nothing at all goes out for so long, those who are served do not read, and more are. */
const STUCK_MS = 2_000;
/** More at a time is worth it if so much more goes out … */
const GAIN_MIN = 1.2;
/** … and fewer is better if no more than this is lost. */
const LOSS_MAX = 0.05;
/** How soon it is tried again; doubled each time that it was in vain. */
const RETRY_MS_MIN = 4_000;
const RETRY_MS_MAX = 64_000;

/**
 * How many requests are served at a time: as few as fill the line. Whether it is full cannot be seen from here, only whether more goes out
 * when more are served; so now and then twice as many are tried, and half as many. Time in which nobody waits tells nothing.
 */
export class Concurrency {
  readonly #limitMin: number;
  #limit: number;
  /** While something is being tried: what was before, and how much went out then. */
  #before: { readonly limit: number; readonly bytesPerMs: number } | undefined;
  #sinceMs = Number.POSITIVE_INFINITY;
  #drainedAtMs = 0;
  #bytes = 0;
  #chunks = 0;
  #triesAtMs: number | undefined;
  #retryMs = RETRY_MS_MIN;
  #triesMore = true;

  constructor(
    limitMin: number,
    private readonly limitMax: number,
  ) {
    this.#limitMin = Math.min(limitMin, limitMax);
    this.#limit = this.#limitMin;
  }

  get limit(): number {
    return this.#limit;
  }

  /** When to call `update` at the latest. */
  get dueMs(): number {
    return this.#stuckAtMs;
  }

  /** The transport took a chunk. */
  drained(bytes: number, nowMs: number): void {
    this.#drainedAtMs = nowMs;
    if (nowMs < this.#sinceMs + SETTLE_MS) return;
    this.#bytes += bytes;
    this.#chunks += 1;
  }

  /** After every event. @param isFull as many as allowed are served, and more wait. */
  update(isFull: boolean, nowMs: number): void {
    if (!isFull) {
      if (this.#before !== undefined) this.#revert(nowMs);
      this.#sinceMs = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#sinceMs === Number.POSITIVE_INFINITY) this.#restart(nowMs);
    if (nowMs >= this.#stuckAtMs) {
      this.#before = undefined;
      this.#limit = Math.min(this.#limit * 2, this.limitMax);
      this.#drainedAtMs = nowMs;
    }
    const measuredMs = nowMs - this.#sinceMs - SETTLE_MS;
    if (measuredMs < MEASURE_MS || this.#chunks < MEASURE_CHUNKS) return;
    this.#judge(this.#bytes / measuredMs, nowMs);
    this.#restart(nowMs);
  }

  get #stuckAtMs(): number {
    const isAtWork = this.#sinceMs !== Number.POSITIVE_INFINITY && this.#limit < this.limitMax;
    return isAtWork ? Math.max(this.#sinceMs, this.#drainedAtMs) + STUCK_MS : Number.POSITIVE_INFINITY;
  }

  #judge(bytesPerMs: number, nowMs: number): void {
    const before = this.#before;
    if (before === undefined) {
      this.#triesAtMs ??= nowMs + this.#retryMs;
      if (nowMs >= this.#triesAtMs) this.#try(bytesPerMs);
      return;
    }
    const isBetter = this.#limit > before.limit ? bytesPerMs >= before.bytesPerMs * GAIN_MIN : bytesPerMs >= before.bytesPerMs * (1 - LOSS_MAX);
    if (!isBetter) return this.#revert(nowMs);
    this.#before = undefined;
    this.#retryMs = RETRY_MS_MIN;
    this.#triesAtMs = nowMs;
    return undefined;
  }

  #try(bytesPerMs: number): void {
    const isMore = (this.#triesMore && this.#limit < this.limitMax) || this.#limit === this.#limitMin;
    const limit = isMore ? Math.min(this.#limit * 2, this.limitMax) : Math.max(Math.floor(this.#limit / 2), this.#limitMin);
    if (limit === this.#limit) return;
    this.#before = { limit: this.#limit, bytesPerMs };
    this.#limit = limit;
  }

  #revert(nowMs: number): void {
    this.#limit = this.#before!.limit;
    this.#before = undefined;
    this.#triesMore = !this.#triesMore;
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
    this.#triesAtMs = nowMs + this.#retryMs;
  }

  #restart(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#bytes = 0;
    this.#chunks = 0;
  }
}
