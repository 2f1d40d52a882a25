import { PiecewiseError } from "@piecewise/base";
import type { EventQueue } from "../clock/event-queue.js";
import type { SimulatedTracker } from "../tracker/simulated-tracker.js";

/** As a real peer: what it asks for, how long it waits for an answer, and how soon it tries again. */
const LOOKUP_PEERS_MAX = 100;
const CALL_TIMEOUT_US = 5_000_000;
const RETRY_FIRST_US = 500_000;
const RETRY_MAX_US = 10_000_000;

/** What a node tells the tracker about itself. */
export interface SessionFacts {
  readonly peerId: string;
  readonly host: string;
  readonly port: number;
  readonly latencyUs: number;
  piecesHeld(): number;
}

/** Keeps the tracker informed of one process, and asks it for peers. */
export class TrackerSession {
  #leaseToken = "";
  #sequence = 0n;
  #isRegistered = false;
  #failures = 0;
  #isOver = false;
  #generation = 0;

  constructor(
    private readonly queue: EventQueue,
    private readonly tracker: SimulatedTracker | undefined,
    private readonly facts: SessionFacts,
    /** A registered peer asks for others now and then, so that it can pass them on. */
    private readonly onPeers: (addresses: readonly string[]) => void,
  ) {}

  /** It takes part in the swarm from now on. */
  join(): void {
    if (this.tracker !== undefined) this.#callTracker();
  }

  close(): void {
    this.#isOver = true;
  }

  /** Calls back with addresses; with none if the tracker knows nobody or does not answer. */
  lookup(onAnswer: (addresses: readonly string[]) => void): void {
    this.#call(
      (tracker) => {
        const { peerId, host } = this.facts;
        return tracker.lookup({ peersMax: LOOKUP_PEERS_MAX, askerPeerId: peerId, askerHost: host });
      },
      onAnswer,
      () => onAnswer([]),
    );
  }

  #callTracker(): void {
    const generation = (this.#generation += 1);
    this.#call(
      (tracker) => (this.#isRegistered ? this.#renew(tracker) : this.#register(tracker)),
      (renewAfterMs) => {
        if (generation !== this.#generation) return;
        this.#isRegistered = true;
        this.#failures = 0;
        this.queue.after(renewAfterMs * 1000, () => this.#due());
      },
      (error) => {
        if (generation !== this.#generation) return;
        this.#isRegistered = false;
        const isHealing = error?.code === "REGISTER_AGAIN" && this.#failures === 0;
        const delayUs = isHealing ? 0 : Math.min(RETRY_FIRST_US * 2 ** Math.min(this.#failures, 10), RETRY_MAX_US);
        this.#failures += 1;
        this.queue.after(delayUs, () => this.#due());
      },
    );
  }

  #due(): void {
    if (this.#isOver) return;
    if (this.#isRegistered) this.lookup(this.onPeers);
    this.#callTracker();
  }

  #register(tracker: SimulatedTracker): number {
    const { peerId, host, port } = this.facts;
    const grant = tracker.register({ peerId, host, port, piecesHeld: this.facts.piecesHeld(), sequence: this.#sequence, leaseToken: this.#leaseToken });
    this.#leaseToken = grant.leaseToken;
    return grant.renewAfterMs;
  }

  #renew(tracker: SimulatedTracker): number {
    const { peerId, host } = this.facts;
    const sequence = this.#sequence + 1n;
    const renewAfterMs = tracker.renew({ peerId, host, leaseToken: this.#leaseToken, sequence, piecesHeld: this.facts.piecesHeld() });
    this.#sequence = sequence;
    return renewAfterMs;
  }

  /** There and back. A tracker that is away is noticed after a while. */
  #call<Answer>(ask: (tracker: SimulatedTracker) => Answer, onAnswer: (answer: Answer) => void, onFailure: (error: PiecewiseError | undefined) => void): void {
    const { queue, tracker } = this;
    const { latencyUs } = this.facts;
    queue.after(latencyUs, () => {
      if (this.#isOver) return;
      if (tracker === undefined || tracker.isAway) {
        queue.after(CALL_TIMEOUT_US, () => this.#isOver || onFailure(undefined));
        return;
      }
      try {
        const answer = ask(tracker);
        queue.after(latencyUs, () => this.#isOver || onAnswer(answer));
      } catch (error) {
        if (!(error instanceof PiecewiseError)) throw error;
        queue.after(latencyUs, () => this.#isOver || onFailure(error));
      }
    });
  }
}
