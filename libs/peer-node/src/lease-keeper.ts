import type { ErrorCode, Prng } from "@piecewise/base";

/** First pause after a failed call; doubles with each further failure. */
export const LEASE_RETRY_MS = 500;
/** Longest pause, unless renewals come more often: a tracker that comes back is whole again at the latest when one would have been due. */
export const LEASE_RETRY_MS_MAX = 10_000;

/** A tracker cannot make a peer renew more often than this … */
export const RENEW_MS_MIN = 100;
/** … nor leave it waiting for longer. */
export const RENEW_MS_MAX = 3_600_000;

/** What to call next at one tracker, and when. */
export type LeaseCall = "register" | "renew";

/**
 * Decides when a peer registers and renews at one tracker. Pure: told what happened, asked what to do. A tracker that does not answer
 * is asked again for as long as the peer lives, ever more slowly up to a bound: registrations are soft state that must heal.
 */
export class LeaseKeeper {
  readonly #prng: Prng;
  #registered = false;
  #dueAtMs = 0;
  #failures = 0;
  #pauseMsMax = LEASE_RETRY_MS_MAX;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  get isRegistered(): boolean {
    return this.#registered;
  }

  get nextCall(): LeaseCall {
    return this.#registered ? "renew" : "register";
  }

  /** When the next call is due. */
  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  /** Something changed that the tracker should know at once, unless it is failing. */
  contentsChanged(nowMs: number): void {
    if (this.#failures === 0) this.#dueAtMs = nowMs;
  }

  answered(renewAfterMs: number, nowMs: number): void {
    this.#registered = true;
    this.#failures = 0;
    const renewMs = Math.min(Math.max(renewAfterMs, RENEW_MS_MIN), RENEW_MS_MAX);
    this.#pauseMsMax = Math.min(Math.max(renewMs, LEASE_RETRY_MS), LEASE_RETRY_MS_MAX);
    this.#dueAtMs = nowMs + renewMs;
  }

  failed(code: ErrorCode, retryAfterMs: number | undefined, nowMs: number): void {
    // Whether a lost answer was to a call that took effect nobody knows; registering says everything anew.
    this.#registered = false;
    // A restarted tracker says so with its first answer: there is nothing to wait for, unless it says so again and again.
    const isHealing = code === "REGISTER_AGAIN" && this.#failures === 0;
    const pauseMs = isHealing ? 0 : Math.min(LEASE_RETRY_MS * 2 ** this.#failures, this.#pauseMsMax);
    this.#failures += 1;
    const jitter = 0.75 + this.#prng.below(251) / 1000;
    this.#dueAtMs = nowMs + Math.max(retryAfterMs ?? 0, pauseMs * jitter);
  }
}
