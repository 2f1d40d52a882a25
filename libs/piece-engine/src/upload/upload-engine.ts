import type { ErrorCode } from "@piecewise/base";
import type { PieceRange } from "../download/events.js";
import type { LoadFacts, UploadCommand } from "./commands.js";
import { countPieces } from "../piece-runs.js";
import { Contents } from "./contents.js";
import { DrainWatch } from "./drain-watch.js";
import type { UploadEvent } from "./events.js";
import { Givers } from "./givers.js";
import { Sending } from "./sending.js";
import { Slots } from "./slots.js";
import { resolveUploadOptions, type UploadEngineOptions, type UploadLimits } from "./upload-options.js";
import { covers, isStillToSend, takeSentPiece, type UploadRequest } from "./upload-request.js";
import { Watchers } from "./watchers.js";

/** A look inside, for metrics and progress reports. */
export interface UploadStats {
  readonly slotsTaken: number;
  readonly queueLength: number;
  readonly watchers: number;
  /** Payload bytes that the transport took, by content that is still served. A live view. */
  readonly sentBytes: ReadonlyMap<string, number>;
}

/**
 * Decides, for the whole process, who is served next, what is offered to whom, and how fast. It neither waits nor reads a clock:
 *
 * ```ts
 * for (const command of engine.handle(event, nowMs)) run(command);
 * timer.set(engine.nextDeadlineMs); // then handle({ type: "deadlineReached" }, nowMs)
 * ```
 */
export interface UploadEngine {
  /**
   * Takes a fact and says what to do, in this order. Facts about requests and watchers that are over are ignored.
   * @param nowMs any monotonic clock, in milliseconds, the same one for all calls.
   */
  handle(event: UploadEvent, nowMs: number): readonly UploadCommand[];
  /** When it wants to hear `deadlineReached` at the latest; Infinity for never. */
  readonly nextDeadlineMs: number;
  /** Whether no request is granted or waits: after `drainStarted` the process may stop then. */
  readonly isIdle: boolean;
  stats(): UploadStats;
}

/** Nobody is served sooner or later for these, and what is due has a deadline of its own. They are most events. */
const NEWS_TYPES: ReadonlySet<UploadEvent["type"]> = new Set([
  "contentAdded",
  "pieceStored",
  "watcherJoined",
  "watcherLeft",
  "watcherBlocked",
  "watcherDrained",
  "callerWatched",
  "callerOffers",
  "callerLost",
  "peerGave",
]);

type RequestArrived = Extract<UploadEvent, { type: "requestArrived" }>;

/** Creates the upload brain. One serves all contents of a process. */
export function createUploadEngine(options: UploadEngineOptions = {}): UploadEngine {
  return new Engine(resolveUploadOptions(options));
}

class Engine implements UploadEngine {
  readonly #limits: UploadLimits;
  readonly #contents: Contents;
  readonly #slots: Slots;
  readonly #sending: Sending;
  readonly #drainWatch: DrainWatch;
  readonly #watchers: Watchers;
  readonly #givers = new Givers();
  #verdictDueMs = Number.POSITIVE_INFINITY;
  #isDraining = false;
  #nowMs = Number.NEGATIVE_INFINITY;
  #commands: UploadCommand[] = [];

  constructor(limits: UploadLimits) {
    this.#limits = limits;
    this.#contents = new Contents(
      limits.firstDealt,
      (content, callerKey) => this.#watchers.offerChanged(content, callerKey),
      (command) => this.#commands.push(command),
    );
    this.#slots = new Slots(limits, (request) => this.#gives(request));
    this.#sending = new Sending(limits);
    this.#drainWatch = new DrainWatch(this.#slots, limits.chunkBytes);
    this.#watchers = new Watchers(limits, this.#contents);
  }

  get nextDeadlineMs(): number {
    return Math.min(this.#sending.dueMs, this.#verdictDueMs, this.#watchers.dueMs, this.#contents.offersDueMs, this.#slots.dueMs);
  }

  get isIdle(): boolean {
    return this.#slots.taken === 0 && this.#slots.queueLength === 0;
  }

  stats(): UploadStats {
    return {
      slotsTaken: this.#slots.taken,
      queueLength: this.#slots.queueLength,
      watchers: this.#watchers.count,
      sentBytes: this.#contents.sentBytes,
    };
  }

  handle(event: UploadEvent, nowMs: number): readonly UploadCommand[] {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    this.#commands = [];
    this.#apply(event);
    if (!NEWS_TYPES.has(event.type)) this.#moveOn();
    this.#contents.reviewOffers(this.#nowMs, (callerKey) => this.#slots.hasWaiting(callerKey), this.#slots.queueLength > 0);
    this.#watchers.tellDue(this.#load(), this.#nowMs, this.#commands);
    return this.#commands;
  }

  /** Whose turn it is now, and who had it for too long. */
  #moveOn(): void {
    this.#stopTooSlow();
    this.#slots.measure(this.#nowMs);
    this.#grantWaiting();
    this.#sending.allow(() => this.#slots.granted(), this.#nowMs, this.#commands);
    this.#verdictDueMs = this.#drainWatch.restart(this.#nowMs);
  }

  #apply(event: UploadEvent): void {
    switch (event.type) {
      case "contentAdded":
        return this.#contents.add(event.content, event.held);
      case "contentRemoved":
        return this.#removeContent(event.content);
      case "pieceStored":
        return this.#storePiece(event.content, event.piece);
      case "pieceLost":
        return this.#losePiece(event.content, event.piece);
      case "requestArrived":
        return this.#admit(event);
      case "chunkDrained":
        return this.#drained(event.request, event.bytes);
      case "requestEnded":
        return this.#forget(this.#slots.get(event.request));
      case "watcherJoined":
        if (this.#isDraining) this.#commands.push({ type: "refuseWatcher", watcher: event.watcher, code: "GOING_AWAY" });
        else this.#watchers.join(event, this.#load(), this.#nowMs, this.#commands);
        return;
      case "watcherLeft":
        return this.#watchers.leave(event.watcher);
      case "watcherBlocked":
        return this.#watchers.setBlocked(event.watcher, true);
      case "watcherDrained":
        return this.#watchers.setBlocked(event.watcher, false);
      case "callerWatched":
      case "callerOffers":
        return this.#contents.callerOffers(event, this.#nowMs);
      case "callerLost":
        return this.#contents.callerLost(event);
      case "peerGave":
        return this.#givers.gave(event.address, event.bytes);
      case "drainStarted":
        return this.#drain();
      case "deadlineReached":
        return;
    }
  }

  #admit(event: RequestArrived): void {
    const code = this.#reasonToRefuse(event);
    if (code !== undefined) return this.#turnAway(event, code);
    const request = this.#slots.join(event);
    this.#contents.get(event.content)?.seedOffers?.requested(event.caller.key, this.#nowMs);
    this.#grantWaiting();
    if (request.grantedAtMs !== undefined || this.#slots.queueLength <= this.#limits.queueMax) return;
    this.#forget(request);
    this.#turnAway(event, "BUSY");
  }

  #turnAway({ request, content, caller }: RequestArrived, code: ErrorCode): void {
    const advice = this.#adviceOn(code);
    this.#commands.push({ type: "refuse", request, code, ...advice });
    if (code === "BUSY") this.#contents.get(content)?.seedOffers?.turnedAway(caller.key, advice.retryAfterMs ?? 0, this.#nowMs);
  }

  #reasonToRefuse({ caller, content: id, runs, bytes }: RequestArrived): ErrorCode | undefined {
    if (this.#isDraining) return "GOING_AWAY";
    const content = this.#contents.get(id);
    if (content === undefined) return "CONTENT_NOT_FOUND";
    const isWithin = ({ first, count }: PieceRange): boolean => first >= 0 && count >= 1 && first + count <= content.held.length;
    if (runs.length === 0 || !runs.every(isWithin) || countPieces(runs) > content.held.length || bytes < 1) return "PIECE_OUT_OF_RANGE";
    if (!this.#contents.areOffered(caller, content, runs)) return "NOT_OFFERED";
    return this.#slots.hasWaiting(caller.key) || this.#slots.isFullFor(caller) ? "BUSY" : undefined;
  }

  #grantWaiting(): void {
    for (let request = this.#slots.grantNext(this.#nowMs); request !== undefined; request = this.#slots.grantNext(this.#nowMs)) {
      this.#sending.admit(request);
      this.#commands.push({ type: "grant", request: request.ref });
    }
  }

  #drained(ref: number, bytes: number): void {
    const request = this.#slots.get(ref);
    if (request === undefined) return;
    const drainedBytes = this.#sending.drained(request, bytes, this.#nowMs);
    request.measuredBytes += drainedBytes;
    this.#slots.drained(drainedBytes, this.#nowMs);
    this.#givers.sent(request.caller.address, drainedBytes);
    this.#contents.countSent(request.content, drainedBytes);
    this.#noteSentPieces(request);
  }

  #noteSentPieces(request: UploadRequest): void {
    const offers = this.#contents.get(request.content)?.seedOffers;
    for (let piece = takeSentPiece(request); piece !== undefined; piece = takeSentPiece(request)) offers?.sent(request.caller.key, piece, this.#nowMs);
  }

  // One at a time: as soon as nobody wants a slot any more, the slow may keep theirs.
  #stopTooSlow(): void {
    for (let slow = this.#drainWatch.findTooSlow(this.#nowMs); slow !== undefined; slow = this.#drainWatch.findTooSlow(this.#nowMs)) {
      this.#end(slow, "TOO_SLOW");
      this.#grantWaiting();
    }
  }

  #storePiece(id: string, piece: number): void {
    const content = this.#contents.get(id);
    if (content?.held.add(piece) === true) this.#watchers.pieceChanged(content, piece);
  }

  #losePiece(id: string, piece: number): void {
    const content = this.#contents.get(id);
    if (content?.held.delete(piece) !== true) return;
    content.seedOffers?.giveUp();
    this.#watchers.pieceChanged(content, piece);
    for (const request of this.#slots.waiting()) {
      if (request.content === id && covers(request, piece)) this.#end(request, "NOT_OFFERED");
    }
    for (const request of this.#slots.granted()) {
      if (request.content === id && isStillToSend(request, piece)) this.#end(request, "PIECE_DAMAGED");
    }
  }

  #removeContent(id: string): void {
    this.#contents.remove(id);
    this.#watchers.contentRemoved(id, this.#commands);
    for (const request of [...this.#slots.waiting(), ...this.#slots.granted()]) {
      if (request.content === id) this.#end(request, "CONTENT_NOT_FOUND");
    }
  }

  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    for (const request of this.#slots.waiting()) this.#end(request, "GOING_AWAY");
    this.#watchers.goAway();
  }

  #end(request: UploadRequest, code: ErrorCode): void {
    this.#commands.push({ type: request.grantedAtMs === undefined ? "refuse" : "stop", request: request.ref, code, ...this.#adviceOn(code) });
    this.#forget(request);
  }

  /** Where waiting helps: for how long. */
  #adviceOn(code: ErrorCode): { readonly retryAfterMs?: number } {
    return code === "BUSY" || code === "TOO_SLOW" ? { retryAfterMs: this.#slots.retryAfterMs() } : {};
  }

  #forget(request: UploadRequest | undefined): void {
    if (request === undefined) return;
    this.#slots.leave(request, this.#nowMs);
    this.#contents.get(request.content)?.seedOffers?.ended(request.caller.key, this.#nowMs);
  }

  /** A seed is given nothing: there it counts what a caller gives to others. */
  #gives({ caller, content }: UploadRequest): boolean {
    const offers = this.#contents.get(content)?.seedOffers;
    return offers === undefined ? this.#givers.has(caller.address) : offers.passesOn(caller.key);
  }

  #load(): LoadFacts {
    return { slotsTaken: this.#slots.taken, slotsMax: this.#limits.slotsMax, queueLength: this.#slots.queueLength };
  }
}
