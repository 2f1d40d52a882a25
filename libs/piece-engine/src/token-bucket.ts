import { assert } from "@piecewise/base";

/** A rate limit on virtual time: tokens are bytes, they arrive steadily and at most `burstBytes` of them are kept. */
export interface TokenBucket {
  /** How many bytes may be taken now; Infinity without a limit. Negative while a debt is being paid off. */
  available(nowMs: number): number;
  /** Takes bytes, if need be into debt: whoever asks for one indivisible thing larger than what is there waits afterwards. */
  take(bytes: number, nowMs: number): void;
  /** Gives back bytes that were taken but not used. */
  giveBack(bytes: number): void;
  /**
   * When to look again whether `bytes` (more than the burst counts as the burst) are available: now, or at least 1 ms later, so that
   * a caller who waits for it always gets on.
   */
  availableAtMs(bytes: number, nowMs: number): number;
}

const unlimited: TokenBucket = {
  available: () => Number.POSITIVE_INFINITY,
  take() {},
  giveBack() {},
  availableAtMs: (_bytes, nowMs) => nowMs,
};

/**
 * Creates a bucket that starts full. Its times come from one clock; when that stands still or goes back, no tokens arrive.
 * @param bytesPerSecond above 0; undefined for no limit.
 * @param burstBytes how much may be taken at once after a pause; above 0.
 */
export function createTokenBucket(bytesPerSecond: number | undefined, burstBytes: number): TokenBucket {
  if (bytesPerSecond === undefined) return unlimited;
  assert(bytesPerSecond > 0 && burstBytes > 0, `a rate limit of ${bytesPerSecond} bytes per second with a burst of ${burstBytes}`);
  let tokens = burstBytes;
  let filledAtMs = Number.NEGATIVE_INFINITY;
  const fill = (nowMs: number): void => {
    if (nowMs <= filledAtMs) return;
    tokens = Math.min(burstBytes, tokens + ((nowMs - filledAtMs) * bytesPerSecond) / 1000);
    filledAtMs = nowMs;
  };
  return {
    available(nowMs) {
      fill(nowMs);
      return tokens;
    },
    take(bytes, nowMs) {
      fill(nowMs);
      tokens -= bytes;
    },
    giveBack(bytes) {
      tokens = Math.min(burstBytes, tokens + bytes);
    },
    availableAtMs(bytes, nowMs) {
      fill(nowMs);
      const missing = Math.min(bytes, burstBytes) - tokens;
      // Rounded up: a sum of fractions may fall short by a hair, and a deadline that is now would come again and again.
      return missing <= 0 ? nowMs : nowMs + Math.ceil((missing * 1000) / bytesPerSecond);
    },
  };
}
