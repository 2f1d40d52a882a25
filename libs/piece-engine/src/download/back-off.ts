import type { Prng } from "@piecewise/base";

/** `ms` give or take a quarter, so that many peers that failed together do not come back together. */
export const jitter = (ms: number, prng: Prng): number => Math.round(ms * (0.75 + prng.below(501) / 1000));

/** At least `ms`, at most a quarter more: for times that somebody else asked for. */
export const jitterUp = (ms: number, prng: Prng): number => Math.round(ms * (1 + prng.below(251) / 1000));

/** `firstMs`, doubled with each attempt after the first, at most `maxMs`, with jitter. */
export const backOff = (attempt: number, firstMs: number, maxMs: number, prng: Prng): number =>
  jitter(Math.min(firstMs * 2 ** Math.min(attempt - 1, 30), maxMs), prng);
