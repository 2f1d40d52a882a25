import { assert, type ErrorCode } from "@piecewise/base";
import type { LoadFacts, UploadCommand } from "./commands.js";
import type { Content, Contents } from "./contents.js";
import type { CallerFacts, UploadEvent, WatcherRef } from "./events.js";
import { isLoadNews } from "./load-news.js";
import { type PieceNews, runsWhere, takeNews } from "./piece-ranges.js";
import type { UploadLimits } from "./upload-options.js";

/** A watcher hears at most once in this time; changes meanwhile are put together. */
export const NEWS_WINDOW_MS = 100;
/** Runs of pieces in one message; what is left over follows in the next. */
export const NEWS_RUNS_MAX = 4096;
/** A watcher hears at least so often. */
export const HEARTBEAT_MS = 15_000;
/** What a refused watcher is told to wait. */
export const WATCHER_RETRY_AFTER_MS = 5_000;

interface Watcher {
  readonly ref: WatcherRef;
  /** Grows with every watcher that joins. */
  readonly joinOrder: number;
  readonly caller: CallerFacts;
  readonly content: Content;
  /** Pieces of which the watcher believes the opposite of what is true. */
  readonly changed: Set<number>;
  toldAtMs: number;
  toldLoad: LoadFacts;
  owesGoingAway: boolean;
  /** How many pieces it was told that it is shown; undefined if it was told everything. */
  toldShown: number | undefined;
  /** What it is shown is other than what it was told. */
  owesOffer: boolean;
  isBlocked: boolean;
}

/**
 * Who watches what, and when each watcher hears what.
 *
 * A watcher hears the whole offer at once, then each change as soon as it has heard nothing for a short time, and a heartbeat when there was nothing to say.
 * The load rides along when it is news, and with a heartbeat. A caller that named itself has one watcher for each content: a newer one takes the place of
 * the older, whose connection is probably dead, and which ends with CANCELLED (GOING_AWAY would tell the peer that we leave). Callers
 * that did not name themselves may be different programs on one host and do not displace each other.
 */
export class Watchers {
  readonly #limits: UploadLimits;
  readonly #contents: Contents;
  readonly #watchers = new Map<WatcherRef, Watcher>();
  /** The same, who was told longest ago first: who is due is found without a look at all of them, for it is asked after every event. */
  readonly #byTold = new Set<Watcher>();
  #joinOrder = 0;
  /** Some are to hear of it, however lately they were told something. */
  #isGoingAway = false;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(limits: UploadLimits, contents: Contents) {
    this.#limits = limits;
    this.#contents = contents;
  }

  get count(): number {
    return this.#watchers.size;
  }

  /** No watcher is to hear anything before this. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Adds a watcher, or refuses it. */
  join(event: Extract<UploadEvent, { type: "watcherJoined" }>, load: LoadFacts, nowMs: number, commands: UploadCommand[]): void {
    const { watcher: ref, caller } = event;
    assert(!this.#watchers.has(ref), `watcher ${ref} joined twice`);
    const content = this.#contents.get(event.content);
    if (content === undefined) {
      commands.push({ type: "refuseWatcher", watcher: ref, code: "CONTENT_NOT_FOUND" });
      return;
    }
    if (caller.isPeer) this.#stopWhere((other) => other.content === content && isSameCaller(other.caller, caller), "CANCELLED", commands);
    if (this.#isFullFor(caller)) {
      commands.push({ type: "refuseWatcher", watcher: ref, code: "BUSY", retryAfterMs: WATCHER_RETRY_AFTER_MS });
      return;
    }
    if (caller.isPeer) content.seedOffers?.joined(caller, nowMs);
    const watcher: Watcher = {
      ref,
      joinOrder: (this.#joinOrder += 1),
      caller,
      content,
      changed: new Set(),
      toldAtMs: nowMs,
      toldLoad: load,
      owesGoingAway: false,
      toldShown: this.#contents.shownTo(caller, content)?.order.length,
      owesOffer: false,
      isBlocked: false,
    };
    this.#watchers.set(ref, watcher);
    this.#byTold.add(watcher);
    this.#dueMs = Math.min(this.#dueMs, dueMsOf(watcher));
    commands.push({ type: "offerFirst", watcher: ref, offered: this.#contents.offeredTo(caller, content).toBytes(), load });
  }

  leave(ref: WatcherRef): void {
    const watcher = this.#watchers.get(ref);
    if (watcher !== undefined) this.#forget(watcher);
  }

  /** What a caller is shown is other than before. */
  offerChanged(content: Content, callerKey: string): void {
    for (const watcher of this.#watchers.values()) {
      if (watcher.content !== content || watcher.caller.key !== callerKey || !watcher.caller.isPeer) continue;
      watcher.owesOffer = true;
      this.#dueMs = Math.min(this.#dueMs, dueMsOf(watcher));
    }
  }

  setBlocked(ref: WatcherRef, isBlocked: boolean): void {
    const watcher = this.#watchers.get(ref);
    if (watcher === undefined) return;
    watcher.isBlocked = isBlocked;
    this.#dueMs = Math.min(this.#dueMs, dueMsOf(watcher));
  }

  /** A piece of a content began or ceased to be offered. */
  pieceChanged(content: string, piece: number): void {
    let isFirst = true;
    for (const watcher of this.#byTold) {
      if (watcher.content.id !== content) continue;
      // A change back before anybody was told is no news.
      if (watcher.changed.delete(piece)) continue;
      watcher.changed.add(piece);
      if (!isFirst || watcher.isBlocked) continue;
      // Who was told longest ago is due first.
      isFirst = false;
      this.#dueMs = Math.min(this.#dueMs, dueMsOf(watcher));
    }
  }

  contentRemoved(content: string, commands: UploadCommand[]): void {
    this.#stopWhere((watcher) => watcher.content.id === content, "CONTENT_NOT_FOUND", commands);
  }

  /** Every watcher is to hear, as soon as it can, that this peer is about to stop. */
  goAway(): void {
    this.#isGoingAway = true;
    for (const watcher of this.#watchers.values()) {
      watcher.owesGoingAway = true;
      this.#dueMs = Math.min(this.#dueMs, dueMsOf(watcher));
    }
  }

  /** Tells the watchers whose time has come. */
  tellDue(load: LoadFacts, nowMs: number, commands: UploadCommand[]): void {
    if (nowMs < this.#dueMs) return;
    const due: Watcher[] = [];
    for (const watcher of this.#byTold) {
      if (watcher.toldAtMs + NEWS_WINDOW_MS > nowMs && !this.#isGoingAway) break;
      if (dueMsOf(watcher) <= nowMs) due.push(watcher);
    }
    for (const watcher of due.toSorted((a, b) => a.joinOrder - b.joinOrder)) {
      commands.push(this.#newsFor(watcher, load, nowMs));
      this.#byTold.delete(watcher);
      this.#byTold.add(watcher);
    }
    this.#dueMs = this.#firstDueMs();
  }

  #firstDueMs(): number {
    let firstMs = Number.POSITIVE_INFINITY;
    for (const watcher of this.#byTold) {
      firstMs = Math.min(firstMs, dueMsOf(watcher));
      // Those after it were told later.
      if (firstMs <= watcher.toldAtMs + NEWS_WINDOW_MS && !this.#isGoingAway) break;
    }
    return firstMs;
  }

  #newsFor(watcher: Watcher, load: LoadFacts, nowMs: number): UploadCommand {
    const news = watcher.owesOffer ? this.#newOffer(watcher) : this.#changes(watcher);
    const goingAway = watcher.owesGoingAway;
    const isHeartbeat = news.added.length === 0 && news.withdrawn.length === 0 && !goingAway;
    const isLoadTold = isHeartbeat ? isOther(watcher.toldLoad, load) : isLoadNews(watcher.toldLoad, load);
    if (isLoadTold) watcher.toldLoad = load;
    watcher.toldAtMs = nowMs;
    watcher.owesGoingAway = false;
    return {
      type: "offerNews",
      watcher: watcher.ref,
      ...news,
      ...(isLoadTold ? { load } : {}),
      ...(goingAway ? { goingAway } : {}),
    };
  }

  /** What a watcher has to be told when it is shown other pieces than before. */
  #newOffer(watcher: Watcher): PieceNews {
    const { content, caller, changed, toldShown } = watcher;
    const { held, seedOffers } = content;
    const shown = this.#contents.shownTo(caller, content);
    watcher.owesOffer = false;
    watcher.toldShown = shown?.order.length;
    if (shown === undefined) {
      // Also if it was told everything, and did not hear that for a moment it was shown less: what it was refused then it waits to be offered.
      const known = toldShown === undefined ? undefined : new Set(seedOffers?.dealtTo(caller.key)?.order.slice(0, toldShown));
      for (const piece of changed) if (held.has(piece) || known?.has(piece) === false) changed.delete(piece);
      return { added: runsWhere((piece) => held.has(piece), held.length, NEWS_RUNS_MAX), withdrawn: [] };
    }
    // What is one run too many is refused when it is asked for.
    if (toldShown === undefined) return { added: [], withdrawn: runsWhere((piece) => !shown.pieces.has(piece), held.length, NEWS_RUNS_MAX) };
    return takeNews(new Set(shown.order.slice(toldShown)), () => true, NEWS_RUNS_MAX);
  }

  #changes({ changed, content }: Watcher): PieceNews {
    return takeNews(changed, (piece) => content.held.has(piece), NEWS_RUNS_MAX);
  }

  #forget(watcher: Watcher): void {
    this.#watchers.delete(watcher.ref);
    this.#byTold.delete(watcher);
    if (watcher.caller.isPeer) watcher.content.seedOffers?.left(watcher.caller.key);
  }

  #isFullFor(caller: CallerFacts): boolean {
    if (this.count >= this.#limits.watchersMax) return true;
    let own = 0;
    let near = 0;
    for (const watcher of this.#watchers.values()) {
      if (isSameCaller(watcher.caller, caller)) own += 1;
      if (caller.network !== undefined && watcher.caller.network === caller.network) near += 1;
    }
    return own >= this.#limits.callerWatchersMax || near >= this.#limits.networkWatchersMax;
  }

  #stopWhere(matches: (watcher: Watcher) => boolean, code: ErrorCode, commands: UploadCommand[]): void {
    for (const watcher of this.#watchers.values()) {
      if (!matches(watcher)) continue;
      this.#forget(watcher);
      commands.push({ type: "stopWatcher", watcher: watcher.ref, code });
    }
  }
}

const isSameCaller = (a: CallerFacts, b: CallerFacts): boolean => a.key === b.key && a.isPeer === b.isPeer;

const isOther = (a: LoadFacts, b: LoadFacts): boolean => a.slotsTaken !== b.slotsTaken || a.queueLength !== b.queueLength;

function dueMsOf(watcher: Watcher): number {
  if (watcher.isBlocked) return Number.POSITIVE_INFINITY;
  if (watcher.owesGoingAway) return Number.NEGATIVE_INFINITY;
  const hasNews = watcher.owesOffer || watcher.changed.size > 0;
  return watcher.toldAtMs + (hasNews ? NEWS_WINDOW_MS : HEARTBEAT_MS);
}
