import { Bitfield } from "@piecewise/base";
import { affordableDealPieces, DEAL_PIECES_MIN, nextDealPieces } from "./deal-size.js";

/** A caller that asks for nothing of what it was shown for so long is shown more, and others are shown the same. */
export const DEAL_PATIENCE_MS = 500;
/** So long if it is being served: nothing was taken by it meanwhile. */
export const DEAL_DRAIN_PATIENCE_MS = 10_000;

/** What a caller was dealt so far. */
export interface Dealt {
  readonly pieces: Bitfield;
  /** The same, in the order in which it was dealt. */
  readonly order: readonly number[];
}

/** A caller that watches. */
interface Viewer extends Dealt {
  readonly order: number[];
  /** What of its last deals it was not sent yet. */
  readonly open: Set<number>;
  readonly sent: Bitfield;
  /** It is shown everything, though others are not. */
  isShownAll: boolean;
  dealPieces: number;
  dealtAtMs: number;
  /** Its requests that wait or are granted. */
  requests: number;
  /** When it last asked for something or took something. */
  activeAtMs: number;
}

/**
 * What a seed shows to whom, so that it sends everything once before it sends anything twice: a swarm can be no faster than its only
 * source lets new pieces out.
 *
 * A caller that is alone is shown everything. Several are dealt pieces, each piece to one of them; who was sent most of its deal gets
 * another. When those who are still there were sent everything between them, all are shown everything. It is inferred from what was
 * sent that a piece is out: whoever gets a piece passes it on as long as it is there. A caller that wants nothing of its deal gets larger
 * ones, in the end everything, and its pieces are dealt to others, too, so nobody has to wait for anybody.
 */
export class SeedOffers {
  readonly #viewers = new Map<string, Viewer>();
  /** By piece: viewers that were sent it. */
  readonly #copies: Uint16Array;
  /** Pieces that were sent to nobody who is there, and those of them that are not dealt. */
  readonly #kept: Bitfield;
  readonly #fresh: Bitfield;
  /** No piece before it is fresh. */
  #cursor = 0;
  #isOpen = true;
  #isGivenUp = false;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly pieceCount: number,
    /** What a caller is shown is other than before. */
    private readonly onChange: (callerKey: string) => void,
  ) {
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

  /** What it was dealt, also if it is shown everything now; undefined if it does not watch. */
  dealtTo(callerKey: string): Dealt | undefined {
    return this.#viewers.get(callerKey);
  }

  joined(callerKey: string, nowMs: number): void {
    const viewer: Viewer = {
      pieces: Bitfield.create(this.pieceCount),
      order: [],
      open: new Set(),
      sent: Bitfield.create(this.pieceCount),
      isShownAll: false,
      dealPieces: DEAL_PIECES_MIN,
      dealtAtMs: nowMs,
      requests: 0,
      activeAtMs: nowMs,
    };
    this.#viewers.set(callerKey, viewer);
    const isNeeded = this.#kept.count > 0 && !this.#isGivenUp;
    if (this.#viewers.size === 2 && isNeeded) this.#close(nowMs);
    else if (!this.#isOpen) {
      this.#deal(callerKey, viewer, nowMs);
      this.#dueMs = Math.min(this.#dueMs, nowMs + DEAL_PATIENCE_MS);
      this.onChange(callerKey);
    }
  }

  left(callerKey: string): void {
    const viewer = this.#viewers.get(callerKey);
    if (viewer === undefined) return;
    this.#viewers.delete(callerKey);
    this.#giveBack(viewer);
    for (const piece of viewer.sent.indices()) {
      this.#copies[piece]! -= 1;
      if (this.#copies[piece]! > 0) continue;
      this.#kept.add(piece);
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
      this.#copies[piece]! += 1;
      this.#kept.delete(piece);
      this.#fresh.delete(piece);
    }
    viewer.open.delete(piece);
    if (this.#isOpen) return;
    if (this.#kept.count === 0) this.#open();
    else if (!viewer.isShownAll && viewer.open.size <= viewer.dealPieces / 2) {
      viewer.dealPieces = nextDealPieces(viewer.dealPieces, nowMs - viewer.dealtAtMs);
      this.#deal(callerKey, viewer, nowMs);
    }
  }

  /** Deals anew to those who want nothing of what they have. @param waits whether one has a request that waits for a slot. */
  review(nowMs: number, waits: (callerKey: string) => boolean): void {
    if (nowMs < this.#dueMs) return;
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const [key, viewer] of this.#viewers) {
      if (viewer.isShownAll) continue;
      if (waits(key)) viewer.activeAtMs = nowMs;
      if (nowMs - viewer.activeAtMs >= patienceMs(viewer)) this.#dealAnew(key, viewer, nowMs);
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
      this.onChange(key);
      this.#deal(key, viewer, nowMs);
    }
  }

  /** Shows a caller other pieces than those that it does not want; if there are none, it may need what others were sent. */
  #dealAnew(callerKey: string, viewer: Viewer, nowMs: number): void {
    const unwanted = [...viewer.open];
    viewer.open.clear();
    viewer.dealPieces = nextDealPieces(viewer.dealPieces, 0);
    viewer.activeAtMs = nowMs;
    this.#deal(callerKey, viewer, nowMs);
    for (const piece of unwanted) this.#renew(piece);
    if (viewer.open.size > 0) return;
    viewer.isShownAll = true;
    this.onChange(callerKey);
  }

  #deal(callerKey: string, viewer: Viewer, nowMs: number): void {
    const wanted = affordableDealPieces(viewer.dealPieces, this.#fresh.count, this.#viewers.size);
    viewer.dealtAtMs = nowMs;
    const before = viewer.order.length;
    while (this.#cursor < this.pieceCount && !this.#fresh.has(this.#cursor)) this.#cursor += 1;
    for (let piece = this.#cursor; piece < this.pieceCount && viewer.open.size < wanted; piece += 1) {
      if (viewer.pieces.has(piece) || !this.#fresh.delete(piece)) continue;
      viewer.pieces.add(piece);
      viewer.order.push(piece);
      viewer.open.add(piece);
    }
    if (viewer.order.length > before) this.onChange(callerKey);
  }

  /** What it holds of its deals may be dealt to others. */
  #giveBack(viewer: Viewer): void {
    for (const piece of viewer.open) this.#renew(piece);
    viewer.open.clear();
  }

  #renew(piece: number): void {
    if (this.#copies[piece]! > 0) return;
    this.#fresh.add(piece);
    this.#cursor = Math.min(this.#cursor, piece);
  }
}

const patienceMs = (viewer: Viewer): number => (viewer.requests > 0 ? DEAL_DRAIN_PATIENCE_MS : DEAL_PATIENCE_MS);
