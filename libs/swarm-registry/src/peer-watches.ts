import { assert } from "@piecewise/base";
import { DeadlineHeap, type Scheduled } from "./deadline-heap.js";
import { WATCH_HEARTBEAT_MS, WATCH_INTERVAL_MS, WATCH_STALL_MS } from "./limits.js";
import type { SwarmPeer, WatchEvent, WatchRequest } from "./registry-calls.js";

/** What a watch can ask about swarms. */
export interface SwarmView {
  /** A fair sample of a swarm, without those whose address `isTaken`. */
  sample(request: WatchRequest, peersMax: number, isTaken: (address: string) => boolean): SwarmPeer[];
  /** One member of a swarm; undefined if it is none (any more) or not for this asker. */
  find(request: WatchRequest, peerId: string): SwarmPeer | undefined;
}

interface Watch extends Scheduled {
  readonly id: number;
  readonly request: WatchRequest;
  readonly peersMax: number;
  /** By address, what the watcher was told. */
  shown: Map<string, SwarmPeer>;
  /** Something happened in the swarm since. */
  isStale: boolean;
  isPaused: boolean;
  lastEventMs: number;
}

/**
 * Keeps samples of swarms fresh. A watcher is sent the difference between what it was told and what is true, not what happened in
 * between; so a burst of changes, or a time in which it took nothing, costs one message and no memory.
 */
export class PeerWatches {
  readonly #view: SwarmView;
  readonly #byId = new Map<number, Watch>();
  readonly #byContent = new Map<string, Set<Watch>>();
  readonly #deadlines = new DeadlineHeap<Watch>();
  #lastId = 0;

  constructor(view: SwarmView) {
    this.#view = view;
  }

  get count(): number {
    return this.#byId.size;
  }

  get nextDeadlineMs(): number {
    return this.#deadlines.nextDeadlineMs;
  }

  /** Opens a watch, whose first event is due at once. */
  open(request: WatchRequest, peersMax: number, nowMs: number): number {
    this.#lastId += 1;
    const watch: Watch = {
      id: this.#lastId,
      request,
      peersMax,
      shown: new Map(),
      isStale: true,
      isPaused: false,
      lastEventMs: Number.NEGATIVE_INFINITY,
      deadlineMs: 0,
      heapIndex: -1,
    };
    this.#byId.set(watch.id, watch);
    const watches = this.#byContent.get(request.contentId);
    if (watches === undefined) this.#byContent.set(request.contentId, new Set([watch]));
    else watches.add(watch);
    this.#deadlines.schedule(watch, nowMs);
    return watch.id;
  }

  /** The watcher takes nothing for now. It is given up if that lasts too long. */
  pause(id: number, nowMs: number): void {
    const watch = this.#get(id);
    watch.isPaused = true;
    this.#deadlines.schedule(watch, nowMs + WATCH_STALL_MS);
  }

  resume(id: number): void {
    const watch = this.#get(id);
    watch.isPaused = false;
    this.#reschedule(watch);
  }

  /** Closing one that is closed does nothing. */
  close(id: number): void {
    const watch = this.#byId.get(id);
    if (watch === undefined) return;
    this.#byId.delete(id);
    if (watch.heapIndex >= 0) this.#deadlines.delete(watch);
    const watches = this.#byContent.get(watch.request.contentId)!;
    watches.delete(watch);
    if (watches.size === 0) this.#byContent.delete(watch.request.contentId);
  }

  /** A member of a swarm came, went, or is different now. */
  noteChange(contentId: string): void {
    for (const watch of this.#byContent.get(contentId) ?? []) {
      if (watch.isStale) continue;
      watch.isStale = true;
      if (!watch.isPaused) this.#reschedule(watch);
    }
  }

  /** Everything that is due. A watch that stalled is closed. */
  takeDue(nowMs: number): WatchEvent[] {
    const events: WatchEvent[] = [];
    for (let watch = this.#deadlines.popDue(nowMs); watch !== undefined; watch = this.#deadlines.popDue(nowMs)) {
      if (watch.isPaused) {
        this.close(watch.id);
        events.push({ kind: "stalled", watchId: watch.id });
        continue;
      }
      const { added, removed } = watch.isStale ? this.#refresh(watch) : { added: [], removed: [] };
      const isHeartbeatDue = nowMs >= watch.lastEventMs + WATCH_HEARTBEAT_MS;
      if (added.length + removed.length > 0 || isHeartbeatDue) {
        watch.lastEventMs = nowMs;
        events.push({ kind: "changed", watchId: watch.id, added, removed });
      }
      this.#reschedule(watch);
    }
    return events;
  }

  /** Brings the sample up to date and returns the difference. */
  #refresh(watch: Watch): { added: SwarmPeer[]; removed: string[] } {
    const before = watch.shown;
    const now = new Map<string, SwarmPeer>();
    for (const [address, peer] of before) {
      const current = this.#view.find(watch.request, peer.peerId);
      if (current?.address === address) now.set(address, current);
    }
    for (const peer of this.#view.sample(watch.request, watch.peersMax - now.size, (address) => now.has(address))) {
      now.set(peer.address, peer);
    }
    watch.shown = now;
    watch.isStale = false;
    return {
      added: [...now.values()].filter((peer) => !isSamePeer(peer, before.get(peer.address))),
      removed: [...before.keys()].filter((address) => !now.has(address)),
    };
  }

  #reschedule(watch: Watch): void {
    this.#deadlines.schedule(watch, watch.lastEventMs + (watch.isStale ? WATCH_INTERVAL_MS : WATCH_HEARTBEAT_MS));
  }

  #get(id: number): Watch {
    const watch = this.#byId.get(id);
    assert(watch !== undefined, `watch ${id} is open`);
    return watch;
  }
}

const isSamePeer = (one: SwarmPeer, other: SwarmPeer | undefined): boolean =>
  one.peerId === other?.peerId && one.piecesHeld === other.piecesHeld;
