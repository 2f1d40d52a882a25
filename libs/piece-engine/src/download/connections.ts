import type { ErrorCode, Prng } from "@piecewise/base";
import type { AddressBook, Fate, KnownPeer } from "./address-book.js";
import { backOff, jitterUp } from "./back-off.js";
import type { Deadlines } from "./deadlines.js";
import type { PeerRef } from "./events.js";
import { reactionTo } from "./peer-failure.js";
import { EARLY_BITMAP_BYTES_MAX, Source } from "./source.js";
import { Sources } from "./sources.js";
import type { TransferBudget } from "./transfer-budget.js";
import type { Turn } from "./turn.js";

/** Peers that one download is connected to at a time, unless fewer are wanted. */
export const PEERS_MAX_DEFAULT = 50;
/** Dials of one download at a time. */
export const DIALS_AT_ONCE_MAX = 16;
/** A peer that has not answered WatchPieces by then cannot be reached. */
const DIAL_TIMEOUT_MS = 10_000;
/** A peer of which nothing was heard for three heartbeats is gone. */
export const SILENCE_MAX_MS = 45_000;
/** No peer can make us wait longer than this. */
export const RETRY_AFTER_MAX_MS = 60_000;
/** How long a busy peer is left alone that does not say for how long. */
const BUSY_MS = 1000;
/** A peer that refuses again and again and gives nothing in between is left alone for so long at least, doubled each time … */
const REFUSED_MS_MIN = 100;
/** … up to this. */
const REFUSED_MS_MAX = 1000;
/** So many pieces in a row that it offered and does not have are no fault of a peer: its news is on the way. */
const REFUSALS_FREE = 8;
/** Failed calls in a row after which the connection is given up. */
export const CALL_FAILURES_MAX = 5;
const CALL_RETRY_FIRST_MS = 500;
const CALL_RETRY_MAX_MS = 10_000;
/** After so long a connection counts as one that works, and earlier failures to dial are forgiven. */
const STABLE_MS = 30_000;
/** A peer that offers nothing new for so long makes room for one that may. */
const USELESS_PATIENCE_MS = 20_000;
/** And after so long if it is the only one: then nothing comes at all. */
const USELESS_ALONE_MS = 3_000;
/** So does one that has granted all that it was asked for, and sends nothing. Doubled each time, so that a slow one gets a chunk through … */
const SILENT_PATIENCE_MS = 20_000;
/** … but not more often than this. */
const SILENT_DOUBLINGS_MAX = 4;
/** When all places are taken: how often it is looked whether one has become free. */
const PLACE_AGAIN_MS = 1000;

/** What the rest of the brain does about its sources. */
export interface ConnectionsObserver {
  /** The source is about to be forgotten: its streams have to end. */
  left(source: Source): void;
  /** The source will not be asked for anything for a while. */
  paused(source: Source): void;
  /** Whether it could be exchanged for another without loss. */
  isUseless(source: Source): boolean;
  /** Whether it has granted everything that it was asked for and sent nothing for so long. */
  isSilent(source: Source, silentMs: number): boolean;
}

/** Who is dialled, who is connected, who is let go. Every `connectPeer` is followed by exactly one `dropPeer` or `banPeer`. */
export class Connections {
  readonly sources = new Sources();
  /** Why a peer was let go last; for the message when there are none. */
  lastFailure: { readonly address: string; readonly code: ErrorCode } | undefined;
  #observer: ConnectionsObserver | undefined;
  readonly #dialling = new Set<KnownPeer>();
  #looksForMore = false;

  constructor(
    readonly book: AddressBook,
    private readonly peersMax: number,
    private readonly budget: TransferBudget,
    private readonly deadlines: Deadlines,
    private readonly turn: Turn,
    private readonly prng: Prng,
  ) {}

  observe(observer: ConnectionsObserver): void {
    this.#observer = observer;
  }

  known(ref: PeerRef): KnownPeer | undefined {
    return this.book.get(ref);
  }

  /** Whether somebody is there, or can be dialled, besides one source. */
  get hasOthers(): boolean {
    return this.sources.size > 1 || this.#dialling.size > 0 || this.book.nextDialMs !== Number.POSITIVE_INFINITY;
  }

  /** New addresses are there, or a place is free. */
  lookForMore(): void {
    this.#looksForMore = true;
  }

  /** At the end of each event. */
  settle(): void {
    if (!this.#looksForMore) return;
    this.#looksForMore = false;
    this.#dial();
  }

  /** A dialled peer answered. undefined if that is out of place. */
  connected(ref: PeerRef, bitmap: Uint8Array): Source | undefined {
    const peer = this.book.get(ref);
    if (peer === undefined || peer.state !== "dialling") return undefined;
    if (bitmap.length > EARLY_BITMAP_BYTES_MAX) {
      this.letGo(peer, "never", "PROTOCOL_VIOLATION");
      return undefined;
    }
    this.#dialling.delete(peer);
    peer.state = "connected";
    const source = new Source(peer, bitmap, this.turn.nowMs);
    this.sources.add(source);
    this.deadlines.setEarlier("liveness", this.turn.nowMs + SILENCE_MAX_MS);
    this.lookForMore();
    return source;
  }

  /** The shell says that the peer could not be reached or is gone. */
  disconnected(ref: PeerRef, code: ErrorCode, retryAfterMs?: number): void {
    const peer = this.book.get(ref);
    if (peer === undefined || (peer.state !== "dialling" && peer.state !== "connected")) return;
    const reaction = reactionTo(code);
    this.letGo(peer, reaction === "giveUp" ? "never" : "redial", code, retryAfterMs);
  }

  /** A call to a connected peer failed, in a way that says something about the peer. */
  callFailed(source: Source, code: ErrorCode, retryAfterMs?: number): void {
    switch (reactionTo(code)) {
      case "waitForIt":
        this.#waitFor(source, Math.min(retryAfterMs ?? BUSY_MS, RETRY_AFTER_MAX_MS));
        return;
      case "letGo":
        this.goingAway(source);
        return;
      case "askForOther":
      case "tryAgain":
        source.failures += 1;
        if (source.failures >= CALL_FAILURES_MAX) this.letGo(source.peer, "redial", code);
        else this.pause(source, backOff(source.failures, CALL_RETRY_FIRST_MS, CALL_RETRY_MAX_MS, this.prng));
        return;
      case "redial":
        this.letGo(source.peer, "redial", code, retryAfterMs);
        return;
      case "giveUp":
        this.letGo(source.peer, "never", code);
    }
  }

  /** It does not have what it offered. */
  notThere(source: Source): void {
    source.refusals += 1;
    if (source.refusals > REFUSALS_FREE) this.pause(source, backOff(source.refusals - REFUSALS_FREE, REFUSED_MS_MIN, REFUSED_MS_MAX, this.prng));
  }

  /** It finishes what it has granted; nothing more is asked of it. */
  goingAway(source: Source): void {
    source.isGoingAway = true;
    this.#observer?.paused(source);
    this.releaseIfIdle(source);
  }

  /** A peer that is going away has no use once its streams are over. */
  releaseIfIdle(source: Source): void {
    if (source.isGoingAway && source.streams.size === 0 && source.peer.state === "connected") this.letGo(source.peer, "redial", "GOING_AWAY");
  }

  pause(source: Source, ms: number): void {
    source.isBusy = false;
    source.pausedUntilMs = this.turn.nowMs + ms;
    this.deadlines.setEarlier("wake", source.pausedUntilMs);
    this.#observer?.paused(source);
  }

  /** It said that it has room. */
  notBusy(source: Source): void {
    if (!source.isBusy) return;
    source.isBusy = false;
    source.pausedUntilMs = Math.max(this.turn.nowMs, source.busyUntilMs);
    this.deadlines.setEarlier("wake", source.pausedUntilMs);
  }

  letGo(peer: KnownPeer, fate: Fate, code: ErrorCode, retryAfterMs = 0): void {
    this.lastFailure = { address: peer.address, code };
    this.#forget(peer);
    this.turn.issue({ type: "dropPeer", peer: peer.ref });
    this.book.letGo(peer, fate, Math.min(retryAfterMs, RETRY_AFTER_MAX_MS), this.turn.nowMs);
    this.lookForMore();
  }

  /** It lied. */
  ban(peer: KnownPeer, code: "PIECE_DAMAGED" | "MANIFEST_INVALID"): void {
    this.lastFailure = { address: peer.address, code };
    this.#forget(peer);
    peer.state = "banned";
    this.turn.issue({ type: "banPeer", peer: peer.ref, address: peer.address });
    this.lookForMore();
  }

  /** `nowMs` has come to where a peer may have been silent for too long. */
  dropSilent(): void {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const source of this.sources) {
      const silentAtMs = source.heardAtMs + SILENCE_MAX_MS;
      if (silentAtMs <= this.turn.nowMs) this.letGo(source.peer, "redial", "TIMED_OUT");
      else nextMs = Math.min(nextMs, silentAtMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.deadlines.set("liveness", nextMs);
  }

  /** Dials that take too long are given up, and others made. */
  dialDue(): void {
    for (const peer of this.#dialling) {
      if (peer.sinceMs + DIAL_TIMEOUT_MS <= this.turn.nowMs) this.letGo(peer, "redial", "TIMED_OUT");
    }
    this.lookForMore();
  }

  close(): void {
    for (const peer of [...this.#dialling, ...[...this.sources].map((source) => source.peer)]) {
      this.#forget(peer);
      peer.state = "idle";
      this.turn.issue({ type: "dropPeer", peer: peer.ref });
    }
  }

  /** It has no room: leaves it alone for as long as it asks for, and longer each time. */
  #waitFor(source: Source, askedMs: number): void {
    source.refusals += 1;
    const leastMs = Math.min(REFUSED_MS_MIN * 2 ** Math.min(source.refusals - 1, 10), REFUSED_MS_MAX);
    this.pause(source, jitterUp(Math.max(askedMs, leastMs), this.prng));
    source.isBusy = true;
    source.busyUntilMs = this.turn.nowMs + leastMs;
  }

  #dial(): void {
    const { nowMs } = this.turn;
    let nextMs = this.book.nextDialMs;
    while (nextMs <= nowMs && this.#dialling.size < DIALS_AT_ONCE_MAX) {
      if (this.sources.size + this.#dialling.size >= this.peersMax && !this.#makePlace()) {
        nextMs = nowMs + PLACE_AGAIN_MS;
        break;
      }
      if (!this.budget.takeConnection()) {
        nextMs = nowMs + PLACE_AGAIN_MS;
        break;
      }
      const peer = this.book.nextToDial(nowMs)!;
      peer.state = "dialling";
      peer.sinceMs = nowMs;
      this.#dialling.add(peer);
      this.turn.issue({ type: "connectPeer", peer: peer.ref, address: peer.address });
      nextMs = this.book.nextDialMs;
    }
    // With as many dials as allowed under way, the end of one of them is what to wait for.
    if (this.#dialling.size >= DIALS_AT_ONCE_MAX) nextMs = Number.POSITIVE_INFINITY;
    for (const peer of this.#dialling) nextMs = Math.min(nextMs, peer.sinceMs + DIAL_TIMEOUT_MS);
    if (nextMs === Number.POSITIVE_INFINITY) this.deadlines.clear("dial");
    else this.deadlines.set("dial", nextMs);
  }

  /** Lets a peer go that has had nothing for us, or has sent nothing, for a while; false if there is none. */
  #makePlace(): boolean {
    for (const source of this.sources) {
      const { peer } = source;
      if (this.#observer?.isSilent(source, SILENT_PATIENCE_MS * 2 ** Math.min(peer.silences, SILENT_DOUBLINGS_MAX)) === true) {
        peer.silences += 1;
        this.letGo(peer, "redial", "TIMED_OUT");
        return true;
      }
      if (!this.#isSpare(source)) continue;
      this.letGo(peer, "redialSlowly", "NOT_OFFERED");
      return true;
    }
    return false;
  }

  #isSpare(source: Source): boolean {
    const { nowMs } = this.turn;
    if (this.#observer?.isUseless(source) !== true) {
      source.uselessSinceMs = undefined;
      return false;
    }
    source.uselessSinceMs ??= nowMs;
    const isAlone = this.sources.size === 1 && source.uselessSinceMs + USELESS_ALONE_MS <= nowMs;
    return isAlone || source.connectedAtMs + USELESS_PATIENCE_MS <= nowMs;
  }

  #forget(peer: KnownPeer): void {
    const source = this.sources.get(peer.ref);
    if (source !== undefined) {
      if (source.connectedAtMs + STABLE_MS <= this.turn.nowMs) peer.attempts = 0;
      this.#observer?.left(source);
      this.sources.delete(source);
    }
    if (source !== undefined || this.#dialling.delete(peer)) this.budget.releaseConnection();
  }
}
