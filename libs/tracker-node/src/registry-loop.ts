import { setMaxListeners } from "node:events";
import { RemoteError } from "@piecewise/base";
import { DIAL_BACKS_AT_ONCE_MAX, DIAL_BACK_TIMEOUT_MS, type DialBack, type SwarmRegistry, type WatchEvent, type WatchRequest } from "@piecewise/swarm-registry";
import type { Dial } from "./dial-back.js";

/** When a watcher that was too slow may come back. */
const STALLED_RETRY_MS = 1_000;
/** How long somebody waits for the dial-back of a peer: as long as one may take, and a little for it to begin. */
const DIAL_BACK_WAIT_MS = DIAL_BACK_TIMEOUT_MS + 500;

/** Who hears of a watch. */
export interface WatchListener {
  /** Returns false if it takes nothing more until `resume`. */
  onChange(event: WatchEvent & { kind: "changed" }): boolean;
  /** Nothing more is called. */
  onEnd(error: RemoteError): void;
}

/** An open watch. Both methods may be called also when it is over. */
export interface Watch {
  resume(): void;
  close(): void;
}

/** Gives the registry the time: one timer for all its deadlines, set again after every call. Dials whom it wants dialled. */
export class RegistryLoop {
  readonly #registry: SwarmRegistry;
  readonly #now: () => number;
  readonly #dial: Dial;
  readonly #listeners = new Map<number, WatchListener>();
  /** By peer id, who waits for the end of a dial-back. */
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;

  /** @param now milliseconds on a clock that never goes back. */
  constructor(registry: SwarmRegistry, now: () => number, dial: Dial) {
    this.#registry = registry;
    this.#now = now;
    this.#dial = dial;
    // All dial-backs listen to it.
    setMaxListeners(DIAL_BACKS_AT_ONCE_MAX, this.#closing.signal);
  }

  /** Makes one call of the registry. */
  call<Answer>(run: (registry: SwarmRegistry, nowMs: number) => Answer): Answer {
    try {
      return run(this.#registry, this.#now());
    } finally {
      this.#dialDue();
      this.#arm();
    }
  }

  /** Resolves when a dial-back of this peer has ended, or when it should have; at once if the signal is aborted or this is closed. */
  dialled(peerId: string, signal: AbortSignal): Promise<void> {
    if (this.#isClosed || signal.aborted) return Promise.resolve();
    const waiters = this.#waiters.get(peerId) ?? new Set();
    this.#waiters.set(peerId, waiters);
    return new Promise((resolve) => {
      const stop = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
        waiters.delete(stop);
        if (waiters.size === 0) this.#waiters.delete(peerId);
        resolve();
      };
      const timer = setTimeout(stop, DIAL_BACK_WAIT_MS);
      signal.addEventListener("abort", stop);
      waiters.add(stop);
    });
  }

  /** @throws UsageError INVALID_ARGUMENT; RemoteError TRACKER_FULL, GOING_AWAY. */
  openWatch(request: WatchRequest, listener: WatchListener): Watch {
    if (this.#isClosed) throw goingAway();
    const id = this.call((registry, nowMs) => registry.openWatch(request, nowMs));
    this.#listeners.set(id, listener);
    return {
      resume: () => {
        if (this.#listeners.has(id)) this.call((registry) => registry.resumeWatch(id));
      },
      close: () => {
        this.#listeners.delete(id);
        this.call((registry) => registry.closeWatch(id));
      },
    };
  }

  /** Ends all watches, dial-backs and the timer. Other calls may still be made. */
  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
    for (const peerId of this.#waiters.keys()) this.#stopWaiting(peerId);
    for (const [id, listener] of this.#listeners) {
      this.#registry.closeWatch(id);
      listener.onEnd(goingAway());
    }
    this.#listeners.clear();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #dialDue(): void {
    if (this.#isClosed) return;
    for (const dialBack of this.#registry.takeDialBacks(this.#now())) void this.#dialOne(dialBack);
  }

  async #dialOne(dialBack: DialBack): Promise<void> {
    const answer = await this.#dial(dialBack, this.#closing.signal);
    this.call((registry, nowMs) => registry.dialBackEnded(dialBack.dialBackId, answer, nowMs));
    this.#stopWaiting(dialBack.peerId);
  }

  #stopWaiting(peerId: string): void {
    for (const stop of this.#waiters.get(peerId) ?? []) stop();
  }

  #arm(): void {
    const dueMs = this.#registry.nextDeadlineMs;
    // A timer that fires too early only looks and is set again; that is cheaper than a new one for every renewal.
    if (this.#isClosed || dueMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(() => this.#advance(), Math.max(0, Math.ceil(dueMs - this.#now())));
  }

  #advance(): void {
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    for (const event of this.call((registry, nowMs) => registry.advance(nowMs))) this.#deliver(event);
  }

  #deliver(event: WatchEvent): void {
    const listener = this.#listeners.get(event.watchId);
    // An earlier event of the same round can have closed this watch.
    if (listener === undefined) return;
    if (event.kind === "stalled") {
      this.#listeners.delete(event.watchId);
      listener.onEnd(new RemoteError("TOO_SLOW", "nothing was read from this watch for too long: read it, and watch again", { retryAfterMs: STALLED_RETRY_MS }));
    } else if (!listener.onChange(event)) {
      this.call((registry, nowMs) => registry.pauseWatch(event.watchId, nowMs));
    }
  }
}

const goingAway = (): RemoteError =>
  new RemoteError("GOING_AWAY", "the tracker is shutting down: watch again later, or use another tracker");
