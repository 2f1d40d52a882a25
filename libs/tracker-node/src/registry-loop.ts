import { RemoteError } from "@piecewise/base";
import type { SwarmRegistry, WatchEvent, WatchRequest } from "@piecewise/swarm-registry";

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

/** Gives the registry the time: one timer for all its deadlines, set again after every call. */
export class RegistryLoop {
  readonly #registry: SwarmRegistry;
  readonly #now: () => number;
  readonly #listeners = new Map<number, WatchListener>();
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  /** @param now milliseconds on a clock that never goes back. */
  constructor(registry: SwarmRegistry, now: () => number) {
    this.#registry = registry;
    this.#now = now;
  }

  /** Makes one call of the registry. */
  call<Answer>(run: (registry: SwarmRegistry, nowMs: number) => Answer): Answer {
    try {
      return run(this.#registry, this.#now());
    } finally {
      this.#arm();
    }
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

  /** Ends all watches and the timer. Other calls may still be made. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const [id, listener] of this.#listeners) {
      this.#registry.closeWatch(id);
      listener.onEnd(goingAway());
    }
    this.#listeners.clear();
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
      listener.onEnd(new RemoteError("TOO_SLOW", "nothing was read from this watch for too long: read it, and watch again"));
    } else if (!listener.onChange(event)) {
      this.call((registry, nowMs) => registry.pauseWatch(event.watchId, nowMs));
    }
  }
}

const goingAway = (): RemoteError =>
  new RemoteError("GOING_AWAY", "the tracker is shutting down: watch again later, or use another tracker");
