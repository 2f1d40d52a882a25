import { isLoopbackHost, networkOf } from "@piecewise/base";
import { DeadlineHeap, type Scheduled } from "./deadline-heap.js";
import { DialPace } from "./dial-pace.js";
import { type Lease, isListed } from "./leases.js";
import { DIAL_BACKS_AT_ONCE_MAX, DIAL_BACKS_PER_ADDRESS_MAX, DIAL_BACK_RETRY_MS } from "./limits.js";
import type { DialBack, DialBackAnswer } from "./registry-calls.js";

/** A peer that is not listed, at the one address at which it wants to be. In the heap while it waits to be dialled. */
interface Candidate extends Scheduled {
  readonly lease: Lease;
  readonly address: string;
  /** At whose word it is dialled; undefined for this machine, which is not counted. */
  readonly network: string | undefined;
  attempts: number;
  /** It is not dialled again before. */
  retryAtMs: number;
  isUnderWay: boolean;
}

interface Attempt {
  readonly candidate: Candidate;
  readonly nonce: string;
}

/**
 * Which peers are dialled when, to see whether they are where they say. A tracker dials at the word of strangers, so it must not become
 * their tool: each address is tried a few times for one lease, so many in all and at the word of one network, and what is found there
 * is "yes" or "no" to all but this class.
 */
export class DialBacks {
  readonly #createNonce: () => string;
  /** By the number of the lease. */
  readonly #candidates = new Map<number, Candidate>();
  readonly #waiting = new DeadlineHeap<Candidate>();
  readonly #underWay = new Map<number, Attempt>();
  readonly #pace = new DialPace();
  #lastId = 0;

  constructor(createNonce: () => string) {
    this.#createNonce = createNonce;
  }

  /** When `takeDue` has something to give; Infinity for not before an attempt has ended. */
  get nextDeadlineMs(): number {
    if (this.#underWay.size >= DIAL_BACKS_AT_ONCE_MAX) return Number.POSITIVE_INFINITY;
    return Math.max(this.#waiting.nextDeadlineMs, this.#pace.readyAtMs);
  }

  /** The peer of a lease has called: if it is not listed it may be dialled. Returns false if it must be neither. */
  seek(lease: Lease, nowMs: number): boolean {
    if (!lease.mayBeListed || this.#candidates.get(lease.number)?.address !== lease.address) this.forget(lease);
    if (!lease.mayBeListed || isListed(lease)) return lease.mayBeListed;
    const candidate = this.#candidates.get(lease.number) ?? createCandidate(lease);
    this.#candidates.set(lease.number, candidate);
    const isDone = candidate.attempts >= DIAL_BACKS_PER_ADDRESS_MAX;
    const isDue = candidate.heapIndex < 0 && !candidate.isUnderWay && nowMs >= candidate.retryAtMs;
    if (isDue && !isDone) this.#waiting.schedule(candidate, nowMs);
    return true;
  }

  /** The lease is over, or its peer wants to be found elsewhere. */
  forget({ number }: Lease): void {
    const candidate = this.#candidates.get(number);
    if (candidate === undefined) return;
    this.#candidates.delete(number);
    if (candidate.heapIndex >= 0) this.#waiting.delete(candidate);
  }

  /** Those who are to be dialled now. */
  takeDue(nowMs: number): DialBack[] {
    const due: DialBack[] = [];
    while (this.nextDeadlineMs <= nowMs) {
      const candidate = this.#waiting.popDue(nowMs)!;
      const { network } = candidate;
      const readyAtMs = network === undefined ? nowMs : this.#pace.networkReadyAtMs(network);
      if (readyAtMs > nowMs) this.#waiting.schedule(candidate, readyAtMs);
      else due.push(this.#dial(candidate, nowMs));
    }
    return due;
  }

  /** Returns the lease and whether its peer was found; undefined if nobody wants to know any more. */
  end(dialBackId: number, answer: DialBackAnswer | undefined): { readonly lease: Lease; readonly isFound: boolean } | undefined {
    const attempt = this.#underWay.get(dialBackId);
    this.#underWay.delete(dialBackId);
    if (attempt === undefined || this.#candidates.get(attempt.candidate.lease.number) !== attempt.candidate) return undefined;
    const { candidate, nonce } = attempt;
    candidate.isUnderWay = false;
    const { lease } = candidate;
    const isFound = answer?.nonce === nonce && answer.peerIds.includes(lease.peerId);
    if (isFound) this.#candidates.delete(lease.number);
    return { lease, isFound };
  }

  #dial(candidate: Candidate, nowMs: number): DialBack {
    this.#pace.take(candidate.network, nowMs);
    candidate.retryAtMs = nowMs + DIAL_BACK_RETRY_MS * 2 ** candidate.attempts;
    candidate.attempts += 1;
    candidate.isUnderWay = true;
    this.#lastId += 1;
    const nonce = this.#createNonce();
    this.#underWay.set(this.#lastId, { candidate, nonce });
    const { address, lease } = candidate;
    return { dialBackId: this.#lastId, address, nonce, peerId: lease.peerId };
  }
}

function createCandidate(lease: Lease): Candidate {
  const { observedHost } = lease.place;
  return {
    lease,
    address: lease.address,
    network: isLoopbackHost(observedHost) ? undefined : networkOf(observedHost),
    attempts: 0,
    retryAtMs: 0,
    isUnderWay: false,
    deadlineMs: 0,
    heapIndex: -1,
  };
}
