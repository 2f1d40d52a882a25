/** What the brain may be waiting for. There is one time for each; the shell arms one timer for the first of them. */
export type DeadlineName =
  /** Ask the trackers again. */
  | "lookup"
  /** Ask a connected peer for others. */
  | "exchange"
  /** Dial again, or give up on a dial. */
  | "dial"
  /** A peer may have been silent for too long. */
  | "liveness"
  /** Nobody was connected, or had what is missing, for too long. */
  | "sources"
  /** Ask for the manifest again, or somebody else. */
  | "manifest"
  /** A stream may have stalled. */
  | "review"
  /** A peer may be asked again, or a piece may be asked for twice. */
  | "wake"
  /** The rate limit allows a request. */
  | "tokens";

/** Timers as data. */
export class Deadlines {
  readonly #atMs = new Map<DeadlineName, number>();
  /** undefined if it has to be looked for: it is asked for after every event, and changes seldom. */
  #nextMs: number | undefined;

  set(name: DeadlineName, atMs: number): void {
    this.#atMs.set(name, atMs);
    this.#nextMs = undefined;
  }

  /** Sets it unless it is earlier already. */
  setEarlier(name: DeadlineName, atMs: number): void {
    if (atMs < this.atMs(name)) this.set(name, atMs);
  }

  clear(name: DeadlineName): void {
    this.#atMs.delete(name);
    this.#nextMs = undefined;
  }

  clearAll(): void {
    this.#atMs.clear();
    this.#nextMs = undefined;
  }

  /** Infinity if it is not set. */
  atMs(name: DeadlineName): number {
    return this.#atMs.get(name) ?? Number.POSITIVE_INFINITY;
  }

  /** Infinity if none is set. */
  get nextMs(): number {
    return (this.#nextMs ??= Math.min(...this.#atMs.values()));
  }

  /** Removes and returns those that have come. One that is set again meanwhile waits for the next call, so that no call can go on for ever. */
  takeDue(nowMs: number): DeadlineName[] {
    const due = [...this.#atMs].filter(([, atMs]) => atMs <= nowMs).map(([name]) => name);
    for (const name of due) this.clear(name);
    return due;
  }
}
