import { Bitfield } from "@piecewise/base";
import { affordableDealPieces, DEAL_PIECES_MIN, nextDealPieces } from "./deal-size.js";
import type { CallerFacts } from "./events.js";
import { creditOf, PassOn, type Recipient } from "./pass-on.js";

/** A caller that asks for nothing of what it was shown for so long is shown more, and others are shown the same. */
export const DEAL_PATIENCE_MS = 500;
/** So long if it is being served: nothing was taken by it meanwhile. */
export const DEAL_DRAIN_PATIENCE_MS = 10_000;
/** Who is told to wait adds up to a quarter, so that not all come back at once. */
const COMES_BACK_FACTOR = 1.25;

/** What a caller was dealt so far. */
export interface Dealt {
  readonly pieces: Bitfield;
  /** The same, in the order in which it was dealt. */
  readonly order: readonly number[];
}

/** A caller that watches. */
interface Viewer extends Dealt, Recipient {
  readonly key: string;
  readonly order: number[];
  /** What of its last deals it was not sent yet, and has not found elsewhere. */
  readonly open: Set<number>;
  /** What it was not sent, and offers. */
  readonly found: Bitfield;
  /** It is shown everything, though others are not. */
  isShownAll: boolean;
  dealPieces: number;
  dealtAtMs: number;
  /** Its requests that wait or are granted. */
  requests: number;
  /** When it last asked for something or took something. */
  activeAtMs: number;
  /** It was told to wait, and should be back by then. */
  backAtMs: number;
}

/**
 * What a seed shows to whom, so that it sends everything once before it sends anything twice: a swarm can be no faster than its only
 * source lets new pieces out.
 *
 * A caller that is alone is shown everything. Several are dealt pieces, each piece to one of them; who was sent most of its deal gets
 * another. When those who are still there were sent everything between them, all are shown everything. It is inferred from what was
 * sent that a piece is out: whoever gets a piece passes it on as long as it is there. What callers offer that they were not sent came from another
 * seed, and counts the same; seeds do not know of each other, and begin at different pieces. But while the line is full only those are dealt more whose
 * pieces were seen at others, and what the rest keep to themselves is dealt once more before all is shown. A caller that wants nothing of its
 * deal gets larger ones, in the end everything, and its pieces are dealt to others, too, so nobody has to wait for anybody.
 */
export class SeedOffers {
  readonly #viewers = new Map<string, Viewer>();
  /** By piece: viewers that were sent it or found it. */
  readonly #copies: Uint16Array;
  readonly #passOn: PassOn;
  /** Pieces that nobody has who is there, and those of them that are not dealt. */
  readonly #kept: Bitfield;
  readonly #fresh: Bitfield;
  /** Pieces are dealt in their order, from one on and round. So many of them, from there, are not fresh. */
  #passed = 0;
  #isOpen = true;
  #isGivenUp = false;
  /** Somebody waits for a slot. */
  #isBusy = false;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly pieceCount: number,
    /** Any number: where dealing begins. Other seeds begin elsewhere. */
    private readonly firstDealt: number,
    /** What a caller is shown is other than before. */
    private readonly onChange: (callerKey: string) => void,
    /** What the caller there offers should be known, or need not be any more. */
    private readonly onInterest: (address: string, isInteresting: boolean) => void,
  ) {
    this.#passOn = new PassOn(pieceCount);
    this.#copies = new Uint16Array(pieceCount);
    this.#kept = Bitfield.create(pieceCount, true);
    this.#fresh = Bitfield.create(pieceCount, true);
  }

  /** When to call `review`. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** What a caller that watches is shown; undefined for everything. */
  shownTo(callerKey: string): Dealt | undefined {
    const viewer = this.#viewers.get(callerKey);
    return this.#isOpen || viewer?.isShownAll === true ? undefined : viewer;
  }

  /** Whether pieces that a caller was sent reach others, or it was sent few. */
  passesOn(callerKey: string): boolean {
    const viewer = this.#viewers.get(callerKey);
    return viewer !== undefined && creditOf(viewer) > 0;
  }

  joined({ key, address }: CallerFacts, nowMs: number): void {
    const viewer: Viewer = {
      key,
      address,
      pieces: Bitfield.create(this.pieceCount),
      order: [],
      open: new Set(),
      found: Bitfield.create(this.pieceCount),
      sent: Bitfield.create(this.pieceCount),
      unseen: 0,
      passedOn: 0,
      isShownAll: false,
      dealPieces: DEAL_PIECES_MIN,
      dealtAtMs: nowMs,
      requests: 0,
      activeAtMs: nowMs,
      backAtMs: nowMs,
    };
    this.#viewers.set(key, viewer);
    const isNeeded = this.#kept.count > 0 && !this.#isGivenUp;
    if (this.#viewers.size === 2 && isNeeded) this.#close(nowMs);
    else if (!this.#isOpen) {
      if (address !== undefined) this.onInterest(address, true);
      this.#deal(viewer, nowMs);
      this.#dueMs = Math.min(this.#dueMs, nowMs + DEAL_PATIENCE_MS);
      this.onChange(key);
    }
  }

  /** The caller there offers these pieces. */
  seenAt(address: string, pieces: Iterable<number>, nowMs: number): void {
    const viewer = [...this.#viewers.values()].find((each) => each.address === address);
    for (const piece of pieces) {
      if (this.#isOut(piece)) for (const holder of this.#passOn.seenAt(address, piece, this.#viewers.values())) this.#dealIfDue(holder, nowMs);
      if (viewer?.sent.has(piece) === false && viewer.found.add(piece)) this.#gone(viewer, piece);
    }
    if (viewer !== undefined) this.#hasTaken(viewer, nowMs);
  }

  left(callerKey: string): void {
    const viewer = this.#viewers.get(callerKey);
    if (viewer === undefined) return;
    this.#viewers.delete(callerKey);
    if (viewer.address !== undefined) this.onInterest(viewer.address, false);
    this.#giveBack(viewer);
    for (const piece of [...viewer.sent.indices(), ...viewer.found.indices()]) {
      this.#copies[piece]! -= 1;
      if (this.#copies[piece]! > 0) continue;
      this.#kept.add(piece);
      this.#passOn.forget(piece);
      this.#renew(piece);
    }
    if (this.#viewers.size <= 1) this.#open();
  }

  requested(callerKey: string, nowMs: number): void {
    const viewer = this.#viewers.get(callerKey);
    if (viewer === undefined) return;
    viewer.requests += 1;
    viewer.activeAtMs = nowMs;
  }

  /** It asked, found no room and was told to wait: while the line is full it is not one that wants nothing of its deal. */
  turnedAway(callerKey: string, waitMs: number, nowMs: number): void {
    const viewer = this.#viewers.get(callerKey);
    if (viewer !== undefined) viewer.backAtMs = nowMs + waitMs * COMES_BACK_FACTOR;
  }

  ended(callerKey: string, nowMs: number): void {
    const viewer = this.#viewers.get(callerKey);
    if (viewer === undefined) return;
    viewer.requests = Math.max(0, viewer.requests - 1);
    viewer.activeAtMs = nowMs;
    // With nothing under way the patience is shorter.
    if (!this.#isOpen) this.#dueMs = Math.min(this.#dueMs, nowMs + patienceMs(viewer));
  }

  /** A piece has left to its last byte. */
  sent(callerKey: string, piece: number, nowMs: number): void {
    const viewer = this.#viewers.get(callerKey);
    if (viewer === undefined) return;
    viewer.activeAtMs = nowMs;
    if (viewer.sent.add(piece)) {
      this.#passOn.sent(viewer, piece, nowMs);
      this.#gone(viewer, piece);
    }
    this.#hasTaken(viewer, nowMs);
  }

  /**
   * Deals anew to those who want nothing of what they have, and to those who pass nothing on when nobody else wants the line.
   * @param waits whether one has a request that waits for a slot. @param isBusy whether anybody has.
   */
  review(nowMs: number, waits: (callerKey: string) => boolean, isBusy: boolean): void {
    this.#isBusy = isBusy;
    if (!isBusy) this.#dealToIdle(nowMs);
    if (nowMs < this.#dueMs) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const [key, viewer] of this.#viewers) {
      if (viewer.isShownAll) continue;
      // With a full line, who was dealt nothing gets from others what they are sent, and who was turned away is right not to ask.
      if (waits(key) || (isBusy && (viewer.open.size === 0 || nowMs < viewer.backAtMs))) viewer.activeAtMs = nowMs;
      if (nowMs - viewer.activeAtMs >= patienceMs(viewer)) this.#dealAnew(viewer, nowMs);
      if (!viewer.isShownAll) this.#dueMs = Math.min(this.#dueMs, viewer.activeAtMs + patienceMs(viewer));
    }
  }

  /** Not everything is held any more. */
  giveUp(): void {
    this.#isGivenUp = true;
    this.#open();
  }

  /** Shows everything to everybody. */
  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const [key, viewer] of this.#viewers) {
      this.#giveBack(viewer);
      this.onChange(key);
    }
  }

  #close(nowMs: number): void {
    this.#isOpen = false;
    this.#dueMs = nowMs + DEAL_PATIENCE_MS;
    for (const [key, viewer] of this.#viewers) {
      viewer.activeAtMs = nowMs;
      viewer.isShownAll = false;
      if (viewer.address !== undefined) this.onInterest(viewer.address, true);
      this.onChange(key);
      this.#deal(viewer, nowMs);
    }
  }

  /** The line has room: what those hold who were turned away is for others, too, and who has nothing to ask for is dealt something. */
  #dealToIdle(nowMs: number): void {
    for (const viewer of this.#viewers.values()) {
      if (nowMs >= viewer.backAtMs || viewer.requests > 0) continue;
      viewer.backAtMs = nowMs;
      this.#giveBack(viewer);
    }
    if (this.#fresh.count === 0) return;
    for (const viewer of this.#viewers.values()) if (viewer.open.size === 0 && viewer.requests === 0) this.#dealIfDue(viewer, nowMs);
  }

  /** Shows a caller other pieces than those that it does not want; if there are none, it may need what others were sent. */
  #dealAnew(viewer: Viewer, nowMs: number): void {
    const unwanted = [...viewer.open];
    viewer.open.clear();
    viewer.dealPieces = nextDealPieces(viewer.dealPieces, 0);
    viewer.activeAtMs = nowMs;
    this.#deal(viewer, nowMs);
    for (const piece of unwanted) this.#renew(piece);
    if (this.#kept.count === 0) return this.#open();
    if (viewer.open.size > 0) return;
    viewer.isShownAll = true;
    this.onChange(viewer.key);
  }

  /** Deals to one whose credit is better, or that was held back. */
  #dealIfDue(viewer: Viewer, nowMs: number): void {
    if (!this.#isOpen && !viewer.isShownAll && viewer.open.size <= viewer.dealPieces / 2 && this.#fresh.count > 0) this.#deal(viewer, nowMs);
  }

  #deal(viewer: Viewer, nowMs: number): void {
    if (this.#fresh.count === 0) for (const piece of this.#passOn.takeUnseen(this.#viewers.values(), nowMs)) this.#dealOnceMore(piece);
    const affordable = affordableDealPieces(viewer.dealPieces, this.#fresh.count, this.#viewers.size);
    const wanted = this.#isBusy ? Math.min(affordable, creditOf(viewer)) : affordable;
    viewer.dealtAtMs = nowMs;
    const before = viewer.order.length;
    while (this.#passed < this.pieceCount && !this.#fresh.has(this.#pieceAfter(this.#passed))) this.#passed += 1;
    for (let passed = this.#passed; passed < this.pieceCount && viewer.open.size < wanted; passed += 1) {
      const piece = this.#pieceAfter(passed);
      if (viewer.pieces.has(piece) || !this.#fresh.delete(piece)) continue;
      viewer.pieces.add(piece);
      viewer.order.push(piece);
      viewer.open.add(piece);
    }
    if (viewer.order.length > before) this.onChange(viewer.key);
  }

  /** A caller that is here has it. */
  #gone(viewer: Viewer, piece: number): void {
    this.#copies[piece]! += 1;
    this.#kept.delete(piece);
    this.#fresh.delete(piece);
    viewer.open.delete(piece);
  }

  /** Some of its deal, from here or from elsewhere. */
  #hasTaken(viewer: Viewer, nowMs: number): void {
    if (this.#isOpen) return;
    if (this.#kept.count === 0) this.#open();
    else if (!viewer.isShownAll && viewer.open.size <= viewer.dealPieces / 2) {
      viewer.dealPieces = nextDealPieces(viewer.dealPieces, nowMs - viewer.dealtAtMs);
      this.#deal(viewer, nowMs);
    }
  }

  /** What it holds of its deals may be dealt to others. */
  #giveBack(viewer: Viewer): void {
    for (const piece of viewer.open) this.#renew(piece);
    viewer.open.clear();
  }

  #renew(piece: number): void {
    if (!this.#isOut(piece)) this.#dealOnceMore(piece);
    // Whoever was dealt what another had been sent, and does not want it, has it from there.
    else this.#kept.delete(piece);
  }

  #isOut(piece: number): boolean {
    return (this.#copies[piece] ?? 0) > 0;
  }

  #dealOnceMore(piece: number): void {
    this.#kept.add(piece);
    this.#fresh.add(piece);
    this.#passed = Math.min(this.#passed, (piece - (this.firstDealt % this.pieceCount) + this.pieceCount) % this.pieceCount);
  }

  #pieceAfter(passed: number): number {
    return (this.firstDealt + passed) % this.pieceCount;
  }
}

const patienceMs = (viewer: Viewer): number => (viewer.requests > 0 ? DEAL_DRAIN_PATIENCE_MS : DEAL_PATIENCE_MS);
