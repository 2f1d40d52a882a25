import { Bitfield } from "@piecewise/base";
import type { KnownPeer } from "./address-book.js";
import type { PieceRange } from "./events.js";
import type { Copy } from "./piece-ledger.js";
import { SourceRate } from "./source-rate.js";
import type { Stream } from "./stream.js";

/** A bitmap for the largest number of pieces that a content can have, 2^20. */
export const EARLY_BITMAP_BYTES_MAX = 2 ** 17;
/** Ranges in news that came before the manifest; a peer with more is dialled again later. */
export const EARLY_NEWS_MAX = 1024;

/** What a peer said it offers before it was known how many pieces there are. */
interface EarlyOffers {
  readonly bitmap: Uint8Array;
  readonly news: { readonly range: PieceRange; readonly isOffered: boolean }[];
}

/** A connected peer and everything that lasts as long as the connection. */
export class Source {
  /** Empty until the number of pieces is known. */
  offers = Bitfield.create(0);
  #early: EarlyOffers | undefined;
  /** What it offers is part of the availability of pieces. */
  isCounted = false;
  /** Counted as one that offers every piece. */
  isFull = false;
  /** How many pieces it offers that nobody was asked for yet. */
  missingOffered = 0;

  readonly streams = new Set<Stream>();
  /** Copies of which it brought a range and will bring the next. */
  readonly kept = new Set<Copy>();
  /** The one stream that it has not granted yet. */
  waiting: Stream | undefined;
  /** Bytes asked for and not received. */
  outstandingBytes = 0;
  readonly rate = new SourceRate();
  /** Until a piece of it was verified: the only one that is being fetched. */
  proving: Copy | undefined;
  /** Whether it may be asked for several pieces at once; not after it refused such a request. */
  takesRuns = true;
  /** And for pieces that do not follow each other; not after it ended such a call after the first run, as peers do that know no better. */
  takesSeveralRuns = true;

  /** How long its last request waited for a slot; undefined if that is not known, or the last one was given up. */
  waitedMs: number | undefined;
  /** How long its last stream took from there to its last byte. */
  servedMs = 0;

  isGoingAway = false;
  /** Not to be asked before this. */
  pausedUntilMs = 0;
  /** Paused because it said that it is busy, not for a fault. */
  isBusy = false;
  /** It is not asked sooner, even if it says that it has room again. */
  busyUntilMs = 0;
  /** Requests that it refused since the last verified piece, because it was busy or did not have the piece. */
  refusals = 0;
  /** Calls that failed since the last verified piece. */
  failures = 0;
  /** Streams that stalled since the last verified piece. */
  stalls = 0;
  heardAtMs: number;
  /** Since when, as far as was looked, it could be exchanged for another without loss. */
  uselessSinceMs: number | undefined;
  /** When it said last what it offers. */
  newsAtMs: number;

  constructor(
    readonly peer: KnownPeer,
    bitmap: Uint8Array,
    readonly connectedAtMs: number,
  ) {
    this.heardAtMs = connectedAtMs;
    this.newsAtMs = connectedAtMs;
    this.#early = { bitmap: bitmap.slice(), news: [] };
  }

  /** Whether bytes may come at any moment. */
  get isReceiving(): boolean {
    for (const stream of this.streams) if (stream.grantedAtMs !== undefined && !stream.isDrained) return true;
    return false;
  }

  /** Whether what it offers is known by piece. */
  get isReadable(): boolean {
    return this.#early === undefined;
  }

  /**
   * Takes news. Before the number of pieces is known they are kept. False if they make no sense or there are too many of them.
   * `onChange` hears of every piece whose offer is other than before.
   */
  applyNews(added: readonly PieceRange[], withdrawn: readonly PieceRange[], onChange: (piece: number, isOffered: boolean) => void): boolean {
    if (this.#early !== undefined) {
      if (this.#early.news.length + added.length + withdrawn.length > EARLY_NEWS_MAX) return false;
      this.#early.news.push(...added.map((range) => ({ range, isOffered: true })), ...withdrawn.map((range) => ({ range, isOffered: false })));
      return true;
    }
    return added.every((range) => this.#change(range, true, onChange)) && withdrawn.every((range) => this.#change(range, false, onChange));
  }

  /** Reads what was said before `pieceCount` was known; false if it makes no sense. */
  readEarlyOffers(pieceCount: number): boolean {
    const { bitmap, news } = this.#early!;
    const offers = Bitfield.fromBytes(pieceCount, bitmap);
    if (offers === undefined) return false;
    this.offers = offers;
    this.#early = undefined;
    return news.every(({ range, isOffered }) => this.#change(range, isOffered, () => {}));
  }

  #change({ first, count }: PieceRange, isOffered: boolean, onChange: (piece: number, isOffered: boolean) => void): boolean {
    const isWithin = Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 1 && first + count <= this.offers.length;
    if (!isWithin) return false;
    for (let piece = first; piece < first + count; piece += 1) {
      if (isOffered ? this.offers.add(piece) : this.offers.delete(piece)) onChange(piece, isOffered);
    }
    return true;
  }
}
