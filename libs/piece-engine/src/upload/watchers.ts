import { assert, type ErrorCode } from "@piecewise/base";
import { Audience, type Listener, NEWS_RUNS_MAX, NEWS_WINDOW_MS } from "./audience.js";
import type { LoadFacts, UploadCommand } from "./commands.js";
import type { Content, Contents } from "./contents.js";
import type { CallerFacts, UploadEvent, WatcherRef } from "./events.js";
import { isLoadNews } from "./load-news.js";
import { newsOf, type PieceNews, runsWhere } from "./piece-ranges.js";
import type { UploadLimits } from "./upload-options.js";

/** A watcher hears at least so often. */
export const HEARTBEAT_MS = 15_000;
/** What a refused watcher is told to wait. */
export const WATCHER_RETRY_AFTER_MS = 5_000;

/** One WatchPieces call. */
interface Watcher extends Listener {
  readonly ref: WatcherRef;
  readonly caller: CallerFacts;
  readonly audience: Audience<Watcher>;
  toldLoad: LoadFacts;
  owesGoingAway: boolean;
  /** How many pieces it was told that it is shown; undefined if it was told everything. */
  toldShown: number | undefined;
  /** What it is shown is other than what it was told. */
  owesOffer: boolean;
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
  readonly #audiences = new Map<Content, Audience<Watcher>>();
  /** Those in which somebody may have to hear of pieces. */
  readonly #withNews = new Set<Audience<Watcher>>();
  /** Those that owe an offer of their own to somebody. */
  readonly #withOffer = new Set<Watcher>();
  /** All, who was told longest ago first. */
  readonly #byTold = new Set<Watcher>();
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
    if (caller.isPeer) this.#stopWhere((other) => other.audience.content === content && isSameCaller(other.caller, caller), "CANCELLED", commands);
    if (this.#isFullFor(caller)) {
      commands.push({ type: "refuseWatcher", watcher: ref, code: "BUSY", retryAfterMs: WATCHER_RETRY_AFTER_MS });
      return;
    }
    if (caller.isPeer) content.seedOffers?.joined(caller, nowMs);
    const audience = this.#audienceOf(content);
    const watcher: Watcher = {
      ref,
      caller,
      audience,
      toldVersion: audience.changes.version,
      toldAtMs: nowMs,
      toldLoad: load,
      owesGoingAway: false,
      toldShown: this.#contents.shownTo(caller, content)?.order.length,
      owesOffer: false,
      isBlocked: false,
    };
    this.#watchers.set(ref, watcher);
    this.#told(watcher);
    this.#dueMs = Math.min(this.#dueMs, nowMs + HEARTBEAT_MS);
    commands.push({ type: "offerFirst", watcher: ref, offered: this.#contents.offeredTo(caller, content).toBytes(), load });
  }

  leave(ref: WatcherRef): void {
    const watcher = this.#watchers.get(ref);
    if (watcher !== undefined) this.#forget(watcher);
  }

  /** What a caller is shown is other than before. */
  offerChanged(content: Content, callerKey: string): void {
    for (const watcher of this.#audiences.get(content) ?? []) {
      if (watcher.caller.key !== callerKey || !watcher.caller.isPeer) continue;
      watcher.owesOffer = true;
      this.#withOffer.add(watcher);
      if (!watcher.isBlocked) this.#dueMs = Math.min(this.#dueMs, watcher.toldAtMs + NEWS_WINDOW_MS);
    }
  }

  setBlocked(ref: WatcherRef, isBlocked: boolean): void {
    const watcher = this.#watchers.get(ref);
    if (watcher === undefined) return;
    watcher.isBlocked = isBlocked;
    if (isBlocked) return;
    if (watcher.audience.isBehind(watcher)) this.#withNews.add(watcher.audience);
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }

  /** A piece of a content began or ceased to be offered. */
  pieceChanged(content: Content, piece: number): void {
    const audience = this.#audiences.get(content);
    if (audience === undefined) return;
    audience.changes.changed(piece);
    this.#withNews.add(audience);
    this.#dueMs = Math.min(this.#dueMs, audience.dueMs);
  }

  contentRemoved(content: string, commands: UploadCommand[]): void {
    this.#stopWhere((watcher) => watcher.audience.content.id === content, "CONTENT_NOT_FOUND", commands);
  }

  /** Every watcher is to hear, as soon as it can, that this peer is about to stop. */
  goAway(): void {
    this.#isGoingAway = true;
    for (const watcher of this.#watchers.values()) watcher.owesGoingAway = true;
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }

  /** Tells the watchers whose time has come. */
  tellDue(load: LoadFacts, nowMs: number, commands: UploadCommand[]): void {
    if (nowMs < this.#dueMs) return;
    for (const watcher of this.#takeDue(nowMs)) {
      commands.push(this.#newsFor(watcher, load, nowMs));
      this.#told(watcher);
    }
    this.#dueMs = this.#firstDueMs();
  }

  #told(watcher: Watcher): void {
    watcher.audience.told(watcher);
    this.#byTold.delete(watcher);
    this.#byTold.add(watcher);
  }

  #takeDue(nowMs: number): ReadonlySet<Watcher> {
    const due = new Set<Watcher>();
    if (this.#isGoingAway) for (const watcher of this.#byTold) if (watcher.owesGoingAway && !watcher.isBlocked) due.add(watcher);
    for (const audience of this.#withNews) {
      for (const watcher of audience.listeners(nowMs)) due.add(watcher);
    }
    for (const watcher of this.#withOffer) if (!watcher.isBlocked && watcher.toldAtMs + NEWS_WINDOW_MS <= nowMs) due.add(watcher);
    for (const watcher of this.#byTold) {
      if (watcher.toldAtMs + HEARTBEAT_MS > nowMs) break;
      if (!watcher.isBlocked) due.add(watcher);
    }
    return due;
  }

  #firstDueMs(): number {
    let firstMs = Number.POSITIVE_INFINITY;
    for (const audience of this.#withNews) {
      const { dueMs } = audience;
      if (dueMs === Number.POSITIVE_INFINITY) this.#withNews.delete(audience);
      else firstMs = Math.min(firstMs, dueMs);
    }
    for (const watcher of this.#withOffer) if (!watcher.isBlocked) firstMs = Math.min(firstMs, watcher.toldAtMs + NEWS_WINDOW_MS);
    for (const watcher of this.#byTold) {
      if (watcher.isBlocked) continue;
      return Math.min(firstMs, watcher.toldAtMs + HEARTBEAT_MS);
    }
    return firstMs;
  }

  #newsFor(watcher: Watcher, load: LoadFacts, nowMs: number): UploadCommand {
    const { audience } = watcher;
    const news = watcher.owesOffer ? this.#newOffer(watcher) : audience.takeNews(watcher);
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
    const { audience, caller, toldShown } = watcher;
    const { held } = audience.content;
    const shown = this.#contents.shownTo(caller, audience.content);
    watcher.owesOffer = false;
    this.#withOffer.delete(watcher);
    watcher.toldShown = shown?.order.length;
    // Also if it was told everything, and did not hear that for a moment it was shown less: what it was refused then it waits to be offered.
    if (shown === undefined) return { added: runsWhere((piece) => held.has(piece), held.length, NEWS_RUNS_MAX), withdrawn: [] };
    // What is one run too many is refused when it is asked for.
    if (toldShown === undefined) return { added: [], withdrawn: runsWhere((piece) => !shown.pieces.has(piece), held.length, NEWS_RUNS_MAX) };
    return newsOf(shown.order.slice(toldShown), () => true);
  }

  #audienceOf(content: Content): Audience<Watcher> {
    let audience = this.#audiences.get(content);
    if (audience === undefined) this.#audiences.set(content, (audience = new Audience(content)));
    return audience;
  }

  #forget(watcher: Watcher): void {
    const { audience, caller } = watcher;
    this.#watchers.delete(watcher.ref);
    this.#byTold.delete(watcher);
    this.#withOffer.delete(watcher);
    audience.delete(watcher);
    if (audience.size === 0) {
      this.#audiences.delete(audience.content);
      this.#withNews.delete(audience);
    }
    if (caller.isPeer) audience.content.seedOffers?.left(caller.key);
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
