import { assert } from "@piecewise/base";
import { PieceCursor } from "../piece-runs.js";
import { firstChunkBytes } from "./chunk-size.js";
import { Concurrency, SERVED_AT_ONCE_MIN } from "./concurrency.js";
import type { CallerFacts, RequestRef, UploadEvent } from "./events.js";
import type { UploadLimits } from "./upload-options.js";
import type { Caller, NetworkShare, UploadRequest } from "./upload-request.js";

/** Bounds of what a refused caller is told to wait. */
export const UPLOAD_RETRY_AFTER_MS_MIN = 100;
export const UPLOAD_RETRY_AFTER_MS_MAX = 30_000;

/** How long a slot is taken, as long as nothing was measured. */
const SERVICE_MS_ASSUMED = 1_000;
/** Weight of the newest measurement in the mean. */
const SERVICE_MS_WEIGHT = 0.2;

/** Callers that have not given get one byte in so many, and beyond that what those who give leave. */
const FREE_ONE_IN = 16;

/**
 * Who is served next.
 *
 * It tracks (1) the granted requests, each of which holds a slot, (2) the waiting ones, at most one of each caller, (3) the callers of
 * both, who are forgotten with their last request, and (4) how long slots are held, for the advice to those who are refused.
 *
 * Several callers that named themselves are served as few at a time as fill the line. They never take the last `anonymousSlots`. The
 * others may take more than those only while no caller that named itself wants a slot. Who gives comes before who does not, and then a
 * network that holds fewer slots, so that many ids are worth no more than one.
 */
export class Slots {
  readonly #limits: UploadLimits;
  readonly #peersMax: number;
  readonly #concurrency: Concurrency;
  readonly #granted = new Map<RequestRef, UploadRequest>();
  readonly #waiting = new Map<RequestRef, UploadRequest>();
  readonly #callers = new Map<string, Caller>();
  readonly #networks = new Map<string, NetworkShare>();
  #anonymousTaken = 0;
  #anonymousWaiting = 0;
  #order = 0;
  #serviceMs = SERVICE_MS_ASSUMED;

  /** Bytes of all requests that were granted, and of those whose callers had not given. */
  #grantedBytes = 0;
  #grantedFreelyBytes = 0;

  /** @param gives whether the caller of a request has given for what it was sent. */
  constructor(
    limits: UploadLimits,
    private readonly gives: (request: UploadRequest) => boolean,
  ) {
    this.#limits = limits;
    this.#peersMax = limits.slotsMax - limits.anonymousSlots;
    // Under a limit of our own everybody gets an equal share of it, and for that has to be served.
    this.#concurrency = new Concurrency(limits.bytesPerSecond === undefined ? SERVED_AT_ONCE_MIN : this.#peersMax, this.#peersMax);
  }

  get taken(): number {
    return this.#granted.size;
  }

  get queueLength(): number {
    return this.#waiting.size;
  }

  granted(): Iterable<UploadRequest> {
    return this.#granted.values();
  }

  waiting(): Iterable<UploadRequest> {
    return this.#waiting.values();
  }

  get(ref: RequestRef): UploadRequest | undefined {
    return this.#granted.get(ref) ?? this.#waiting.get(ref);
  }

  /** Whether a request of this caller waits already. */
  hasWaiting(callerKey: string): boolean {
    return this.#callers.get(callerKey)?.waits ?? false;
  }

  /** Whether as many requests of this caller's network wait as may. */
  isFullFor({ network }: CallerFacts): boolean {
    return network !== undefined && (this.#networks.get(network)?.waiting ?? 0) >= this.#limits.networkQueueMax;
  }

  /** Adds a waiting request. */
  join(event: Extract<UploadEvent, { type: "requestArrived" }>): UploadRequest {
    assert(this.get(event.request) === undefined, `request ${event.request} arrived twice`);
    const caller = this.#callerOf(event.caller);
    caller.waits = true;
    caller.network.waiting += 1;
    const request: UploadRequest = {
      ref: event.request,
      caller,
      isPeer: event.caller.isPeer,
      content: event.content,
      runs: event.runs,
      bytes: event.bytes,
      grantedAtMs: undefined,
      drainedBytes: 0,
      sending: new PieceCursor(event.runs),
      sentPieces: 0,
      sends: [],
      aheadBytes: 0,
      drainedAtMs: 0,
      sentOrder: 0,
      measuredMs: 0,
      measuredBytes: 0,
      measuredSinceMs: undefined,
    };
    this.#waiting.set(request.ref, request);
    if (!request.isPeer) this.#anonymousWaiting += 1;
    return request;
  }

  /** Gives a slot to the waiting request whose turn it is; undefined if none can be served now. */
  grantNext(nowMs: number): UploadRequest | undefined {
    const request = this.#next();
    if (request === undefined) return undefined;
    this.#stopWaiting(request);
    this.#granted.set(request.ref, request);
    request.grantedAtMs = nowMs;
    this.#grantedBytes += request.bytes;
    if (!this.gives(request)) this.#grantedFreelyBytes += request.bytes;
    request.caller.slotsTaken += 1;
    request.caller.network.slotsTaken += 1;
    request.caller.servedOrder = this.#order += 1;
    if (!request.isPeer) this.#anonymousTaken += 1;
    return request;
  }

  /** Forgets a request, and frees the slot if it held one. */
  leave(request: UploadRequest, nowMs: number): void {
    const { caller } = request;
    if (this.#waiting.has(request.ref)) this.#stopWaiting(request);
    if (this.#granted.delete(request.ref)) {
      caller.slotsTaken -= 1;
      caller.network.slotsTaken -= 1;
      if (!request.isPeer) this.#anonymousTaken -= 1;
      this.#serviceMs += SERVICE_MS_WEIGHT * (nowMs - (request.grantedAtMs ?? nowMs) - this.#serviceMs);
    }
    if (caller.slotsTaken === 0 && !caller.waits) this.#forget(caller);
  }

  /** When to call `measure` at the latest. */
  get dueMs(): number {
    return this.#concurrency.dueMs;
  }

  /** The transport took a chunk of a granted request. */
  drained(bytes: number, nowMs: number): void {
    this.#concurrency.drained(bytes, nowMs);
  }

  /** After every event: how many may be served at a time follows what is measured. */
  measure(nowMs: number): void {
    const peersTaken = this.taken - this.#anonymousTaken;
    this.#concurrency.update(this.queueLength > 0 && peersTaken >= this.#concurrency.limit, nowMs);
  }

  /** When one more request could expect a slot. */
  retryAfterMs(): number {
    const expectedMs = Math.ceil(((this.queueLength + 1) * this.#serviceMs) / this.#limits.slotsMax);
    return Math.min(UPLOAD_RETRY_AFTER_MS_MAX, Math.max(UPLOAD_RETRY_AFTER_MS_MIN, expectedMs));
  }

  /** Whether another caller waits that would get the slot of this granted request. */
  isWantedByOthers(granted: UploadRequest): boolean {
    const isReserved = !granted.isPeer && this.#anonymousTaken <= this.#limits.anonymousSlots;
    for (const { caller, isPeer } of this.#waiting.values()) {
      if (caller !== granted.caller && caller.slotsTaken < this.#limits.callerSlotsMax && !(isReserved && isPeer)) return true;
    }
    return false;
  }

  #stopWaiting(request: UploadRequest): void {
    this.#waiting.delete(request.ref);
    request.caller.waits = false;
    request.caller.network.waiting -= 1;
    if (!request.isPeer) this.#anonymousWaiting -= 1;
  }

  // One waiting request per caller and the order of service make this a round robin; the queue is short enough to be searched. It is asked
  // for after every event, and mostly nobody may be served: that is seen without a search.
  #next(): UploadRequest | undefined {
    const isPeerSlotFree = this.#isPeerSlotFree;
    const isAnybodyServable = isPeerSlotFree ? this.#waiting.size > 0 : this.#anonymousWaiting > 0;
    if (!isAnybodyServable || this.taken >= this.#limits.slotsMax) return undefined;
    let best: UploadRequest | undefined;
    for (const request of this.#waiting.values()) {
      const { caller, isPeer } = request;
      const mayTakeSlot = (isPeerSlotFree || !isPeer) && caller.slotsTaken < this.#limits.callerSlotsMax;
      if (mayTakeSlot && (best === undefined || this.#isBefore(request, best))) best = request;
    }
    return best;
  }

  get #isPeerSlotFree(): boolean {
    // Who is alone may have all that its share allows: nobody waits for what it gets.
    const peersMax = this.#callers.size > 1 ? this.#concurrency.limit : this.#peersMax;
    return this.taken - this.#anonymousTaken < peersMax;
  }

  #isBefore(a: UploadRequest, b: UploadRequest): boolean {
    if (this.#isBeyondShare(a) !== this.#isBeyondShare(b)) return this.#isBeyondShare(b);
    if (!this.#isOpenTurn && this.gives(a) !== this.gives(b)) return this.gives(a);
    if (a.caller.network.slotsTaken !== b.caller.network.slotsTaken) return a.caller.network.slotsTaken < b.caller.network.slotsTaken;
    if (a.caller.slotsTaken !== b.caller.slotsTaken) return a.caller.slotsTaken < b.caller.slotsTaken;
    return a.caller.servedOrder < b.caller.servedOrder;
  }

  /** Part of what is sent goes to whoever's turn it is: how else should a newcomer have something to give? */
  get #isOpenTurn(): boolean {
    return this.#grantedFreelyBytes * FREE_ONE_IN <= this.#grantedBytes;
  }

  #isBeyondShare({ isPeer }: UploadRequest): boolean {
    return !isPeer && this.#anonymousTaken >= this.#limits.anonymousSlots;
  }

  #callerOf({ key, address, network: networkKey }: CallerFacts): Caller {
    let caller = this.#callers.get(key);
    if (caller === undefined) {
      const network = this.#networkOf(networkKey);
      network.callers += 1;
      caller = { key, address, network, slotsTaken: 0, waits: false, servedOrder: (this.#order += 1), fairBytes: 0, chunkBytes: firstChunkBytes(this.#limits.chunkBytes) };
      this.#callers.set(key, caller);
    }
    return caller;
  }

  #networkOf(key: string | undefined): NetworkShare {
    const known = key === undefined ? undefined : this.#networks.get(key);
    if (known !== undefined) return known;
    const network = { key, callers: 0, slotsTaken: 0, waiting: 0 };
    if (key !== undefined) this.#networks.set(key, network);
    return network;
  }

  #forget({ key, network }: Caller): void {
    this.#callers.delete(key);
    network.callers -= 1;
    if (network.callers === 0 && network.key !== undefined) this.#networks.delete(network.key);
  }
}
