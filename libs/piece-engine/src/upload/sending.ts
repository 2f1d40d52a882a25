import { createTokenBucket, type TokenBucket } from "../token-bucket.js";
import { nextChunkBytes } from "./chunk-size.js";
import type { UploadCommand } from "./commands.js";
import type { UploadLimits } from "./upload-options.js";
import { unsentBytes, type UploadRequest } from "./upload-request.js";

/** Sends of one request that are not drained yet: while one chunk drains, the next is read. */
export const SENDS_AHEAD_MAX = 2;

/**
 * When which granted request may send how much.
 *
 * Under a rate limit the callers get equal shares, whatever their number of streams: next is the caller that was allowed the fewest
 * bytes, where whoever had nothing to send meanwhile has not saved anything up (start-time fair queueing). The one whose turn it is
 * waits for its tokens; nobody overtakes it with a smaller chunk.
 */
export class Sending {
  readonly #chunkBytesMax: number;
  readonly #bucket: TokenBucket;
  /** The share at which the last one served stood, and the largest of all. */
  #fairNow = 0;
  #fairMax = 0;
  #order = 0;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor({ chunkBytes, bytesPerSecond }: UploadLimits) {
    this.#chunkBytesMax = chunkBytes;
    // A tenth of a second's worth bridges late timers, and a whole chunk must fit.
    this.#bucket = createTokenBucket(bytesPerSecond, Math.max(chunkBytes, (bytesPerSecond ?? 0) / 10));
  }

  /** When there will be tokens for the next chunk; Infinity if nothing waits for them. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** A request got its slot. It queues up behind all others, so that nobody gains turns by ending a call and beginning another. */
  admit(request: UploadRequest): void {
    request.sentOrder = this.#order += 1;
    if (request.caller.slotsTaken === 1) request.caller.fairBytes = this.#fairMax;
  }

  /** Allows all sends that are possible now. */
  allow(granted: () => Iterable<UploadRequest>, nowMs: number, commands: UploadCommand[]): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (let request = this.#next(granted()); request !== undefined; request = this.#next(granted())) {
      const bytesMax = Math.min(request.caller.chunkBytes, unsentBytes(request));
      if (this.#bucket.available(nowMs) < bytesMax) {
        this.#dueMs = this.#bucket.availableAtMs(bytesMax, nowMs);
        return;
      }
      this.#bucket.take(bytesMax, nowMs);
      this.#fairNow = this.#shareOf(request);
      request.caller.fairBytes = this.#fairNow + bytesMax;
      this.#fairMax = Math.max(this.#fairMax, request.caller.fairBytes);
      request.sentOrder = this.#order += 1;
      request.sends.push({ bytes: bytesMax, atMs: nowMs });
      request.aheadBytes += bytesMax;
      commands.push({ type: "send", request: request.ref, bytesMax });
    }
  }

  /** The transport took the oldest send of a request. A chunk that ended early with its piece gives back the rest. */
  drained(request: UploadRequest, bytes: number, nowMs: number): number {
    const send = request.sends.shift();
    if (send === undefined) return 0;
    const allowed = send.bytes;
    const { caller } = request;
    // What was behind another chunk began to drain when that one was gone.
    const drainMs = nowMs - Math.max(send.atMs, request.drainedAtMs);
    request.drainedAtMs = nowMs;
    if (allowed === caller.chunkBytes) caller.chunkBytes = nextChunkBytes(allowed, drainMs, this.#chunkBytesMax);
    const drainedBytes = Math.min(allowed, Math.max(0, bytes));
    request.aheadBytes -= allowed;
    request.drainedBytes += drainedBytes;
    caller.fairBytes -= allowed - drainedBytes;
    this.#bucket.giveBack(allowed - drainedBytes);
    return drainedBytes;
  }

  #next(granted: Iterable<UploadRequest>): UploadRequest | undefined {
    let best: UploadRequest | undefined;
    for (const request of granted) {
      if (request.sends.length >= SENDS_AHEAD_MAX || unsentBytes(request) <= 0) continue;
      if (best === undefined || this.#isBefore(request, best)) best = request;
    }
    return best;
  }

  #isBefore(a: UploadRequest, b: UploadRequest): boolean {
    const difference = this.#shareOf(a) - this.#shareOf(b);
    return difference === 0 ? a.sentOrder < b.sentOrder : difference < 0;
  }

  #shareOf({ caller }: UploadRequest): number {
    return Math.max(caller.fairBytes, this.#fairNow);
  }
}
