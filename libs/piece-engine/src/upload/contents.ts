import { assert, Bitfield } from "@piecewise/base";
import type { PieceRange } from "../download/events.js";
import { countPieces, piecesOf } from "../piece-runs.js";
import { CallerWatches } from "./caller-watches.js";
import type { UploadCommand } from "./commands.js";
import type { CallerFacts, UploadEvent } from "./events.js";
import { type Dealt, SeedOffers } from "./seed-offers.js";
import { UPLOAD_CONTENTS_MAX } from "./upload-options.js";

/** A content that this process serves. */
export interface Content {
  readonly id: string;
  readonly held: Bitfield;
  /** If everything was held from the beginning: what is shown to whom. */
  readonly seedOffers: SeedOffers | undefined;
}

/** What is held of each content, and what of that is offered to whom. */
export class Contents {
  readonly #contents = new Map<string, Content>();
  readonly #sentBytes = new Map<string, number>();
  /** Those that may show less than everything. */
  readonly #dealing = new Set<SeedOffers>();

  readonly #callerWatches: CallerWatches;

  /** @param firstDealt where a seed begins to deal, of however many pieces. @param onOfferChanged what a caller that watches a content is shown is other than before. */
  constructor(
    private readonly firstDealt: number,
    private readonly onOfferChanged: (content: Content, callerKey: string) => void,
    onCommand: (command: UploadCommand) => void,
  ) {
    this.#callerWatches = new CallerWatches(onCommand);
  }

  /** A caller that is watched said what it offers. */
  callerOffers(event: Extract<UploadEvent, { type: "callerWatched" | "callerOffers" }>, nowMs: number): void {
    const content = this.#contents.get(event.content);
    if (content?.seedOffers === undefined) return;
    if (event.type === "callerOffers") {
      const { length } = content.held;
      // A liar may count pieces up to the end of time.
      const added = event.added.filter(({ first, count }) => first >= 0 && count >= 1 && first + count <= length);
      if (countPieces(added) < length) content.seedOffers.seenAt(event.address, piecesOf(added), nowMs);
      return;
    }
    const offered = Bitfield.fromBytes(content.held.length, event.offered);
    // Who has everything wants nothing: to watch a seed all the same, and say so, is a lie that would end all dealing.
    if (offered !== undefined && !offered.isFull) content.seedOffers.seenAt(event.address, offered.indices(), nowMs);
  }

  /** A watch is over. */
  callerLost(event: Extract<UploadEvent, { type: "callerLost" }>): void {
    this.#callerWatches.lost(event.content, event.address);
  }


  /** Bytes that went out, by content. */
  get sentBytes(): ReadonlyMap<string, number> {
    return this.#sentBytes;
  }

  /** When to call `reviewOffers`. */
  get offersDueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const offers of this.#dealing) dueMs = Math.min(dueMs, offers.dueMs);
    return dueMs;
  }

  /** Shows more to those who want nothing of what they are shown. @param waits whether a caller has a request that waits for a slot. @param isBusy whether any has. */
  reviewOffers(nowMs: number, waits: (callerKey: string) => boolean, isBusy: boolean): void {
    for (const offers of this.#dealing) {
      offers.review(nowMs, waits, isBusy);
      if (offers.dueMs === Number.POSITIVE_INFINITY) this.#dealing.delete(offers);
    }
  }

  get(id: string): Content | undefined {
    return this.#contents.get(id);
  }

  /** Adding a known content again changes nothing: `pieceStored` and `pieceLost` say what has changed. */
  add(id: string, held: Bitfield): void {
    if (this.#contents.has(id)) return;
    assert(this.#contents.size < UPLOAD_CONTENTS_MAX, `more than ${UPLOAD_CONTENTS_MAX} contents in one process`);
    const content: Content = { id, held: held.clone(), seedOffers: held.isFull ? this.#deal(held, id, (key) => this.onOfferChanged(content, key)) : undefined };
    this.#contents.set(id, content);
    this.#sentBytes.set(id, 0);
  }

  remove(id: string): void {
    const offers = this.#contents.get(id)?.seedOffers;
    if (offers !== undefined) this.#dealing.delete(offers);
    this.#callerWatches.dropAll(id);
    this.#contents.delete(id);
    this.#sentBytes.delete(id);
  }

  countSent(id: string, bytes: number): void {
    this.#sentBytes.set(id, (this.#sentBytes.get(id) ?? 0) + bytes);
  }

  /** Only these of the pieces that are held are shown to the caller; undefined if all are. Who does not watch may ask for all. */
  shownTo(caller: CallerFacts, content: Content): Dealt | undefined {
    return caller.isPeer ? content.seedOffers?.shownTo(caller.key) : undefined;
  }

  /** What a caller is offered. */
  offeredTo(caller: CallerFacts, content: Content): Bitfield {
    const shown = this.shownTo(caller, content);
    if (shown === undefined) return content.held;
    const offered = Bitfield.create(content.held.length);
    for (const piece of shown.order) if (content.held.has(piece)) offered.add(piece);
    return offered;
  }

  /** Whether every one of these pieces is offered to the caller. */
  areOffered(caller: CallerFacts, content: Content, runs: readonly PieceRange[]): boolean {
    const shown = this.shownTo(caller, content);
    for (const piece of piecesOf(runs)) if (!content.held.has(piece) || shown?.pieces.has(piece) === false) return false;
    return true;
  }

  #deal(held: Bitfield, id: string, onChange: (callerKey: string) => void): SeedOffers {
    const offers: SeedOffers = new SeedOffers(
      held.length,
      this.firstDealt,
      (callerKey) => {
        this.#dealing.add(offers);
        onChange(callerKey);
      },
      (address, isInteresting) => {
        if (isInteresting) this.#callerWatches.want(id, address);
        else this.#callerWatches.drop(id, address);
      },
    );
    return offers;
  }
}
