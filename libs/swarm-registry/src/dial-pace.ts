import { DIAL_BACKS_PER_SECOND_MAX, NETWORK_DIAL_BACKS_MAX, NETWORK_DIAL_BACKS_PER_SECOND_MAX } from "./limits.js";

interface Pace {
  /** The time between two that follow one another for long. */
  readonly intervalMs: number;
  /** How many may come at once after a pause. */
  readonly burst: number;
}

const GLOBAL: Pace = { intervalMs: 1_000 / DIAL_BACKS_PER_SECOND_MAX, burst: DIAL_BACKS_PER_SECOND_MAX };
const NETWORK: Pace = { intervalMs: 1_000 / NETWORK_DIAL_BACKS_PER_SECOND_MAX, burst: NETWORK_DIAL_BACKS_MAX };

/** When the next may come if all that came would be over at `busyUntilMs`, one after the other. */
const readyAtMs = (busyUntilMs: number, { intervalMs, burst }: Pace): number => busyUntilMs - intervalMs * (burst - 1);

/** How many dial-backs there are in a time: in all, and at the word of callers from one network. */
export class DialPace {
  #busyUntilMs = 0;
  /** Of each network that had some lately, who had one last at the end. As dial-backs have a pace, so many there are at most. */
  readonly #networksBusyUntilMs = new Map<string, number>();

  get readyAtMs(): number {
    return readyAtMs(this.#busyUntilMs, GLOBAL);
  }

  networkReadyAtMs(network: string): number {
    return readyAtMs(this.#networksBusyUntilMs.get(network) ?? 0, NETWORK);
  }

  /** There is one now. @param network undefined if it is not counted. */
  take(network: string | undefined, nowMs: number): void {
    this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + GLOBAL.intervalMs;
    for (const [first, busyUntilMs] of this.#networksBusyUntilMs) {
      if (busyUntilMs > nowMs) break;
      this.#networksBusyUntilMs.delete(first);
    }
    if (network === undefined) return;
    const busyUntilMs = Math.max(this.#networksBusyUntilMs.get(network) ?? 0, nowMs) + NETWORK.intervalMs;
    this.#networksBusyUntilMs.delete(network);
    this.#networksBusyUntilMs.set(network, busyUntilMs);
  }
}
