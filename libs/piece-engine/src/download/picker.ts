import { RUNS_PER_STREAM_MAX } from "../piece-runs.js";
import type { PieceRange } from "./events.js";
import { isLive, type Copy, type PieceLedger } from "./piece-ledger.js";
import type { Source } from "./source.js";
import type { Stream } from "./stream.js";
import type { Streams } from "./streams.js";
import { isWorthTakingOver } from "./take-over.js";
import type { Turn } from "./turn.js";

/** A piece is asked for twice only if the second source should be faster by so much. */
const END_GAME_GAIN_MS = 200;
/** So long a request may go without a byte before the piece is asked for elsewhere too, once nothing else is left to ask for. */
const END_GAME_PATIENCE_MS = 500;
/** So long a request may wait for a slot before its pieces are asked for elsewhere too, whatever else is left. */
const GRANT_PATIENCE_MS = 5000;

/** What to ask a source for. */
export type Request =
  /** Go on with this copy. */
  | { readonly kind: "copy"; readonly copy: Copy }
  /** Missing pieces. */
  | { readonly kind: "runs"; readonly runs: readonly PieceRange[] }
  /** A second copy of a piece that is being fetched. */
  | { readonly kind: "second"; readonly piece: number };

export type Choice =
  | Request
  /** Cancel this stream, for the source is better or two are at its piece and both are much slower; then choose again. */
  | { readonly kind: "instead"; readonly stream: Stream };

/**
 * Chooses what a source is asked for, in this order: what it has begun, what shows who lied, what others left half done, the rarest, what
 * waits in the queue of another, and at the end what others are at.
 */
export class Picker {
  constructor(
    private readonly ledger: PieceLedger,
    private readonly sources: Iterable<Source>,
    private readonly streams: Streams,
    private readonly turn: Turn,
  ) {}

  /**
   * @param piecesMax how many pieces may be asked for in one call.
   * @param beginsNew false if only copies that have been begun may be gone on with.
   */
  pick(source: Source, piecesMax: number, beginsNew: boolean): Choice | undefined {
    const kept = source.kept.values().next().value;
    if (kept !== undefined) return { kind: "copy", copy: kept };
    if (!beginsNew) return this.#partial(source);
    const choice = this.#suspect(source) ?? this.#partial(source) ?? this.#runs(source, piecesMax) ?? this.#waitingElsewhere(source);
    return choice ?? this.#second(source);
  }

  /** Whether a source for which there is nothing now may soon be asked for a second copy of something. */
  isOfUseSoon(source: Source): boolean {
    if (!this.#mayBeSecond(source)) return false;
    const { copies } = this.ledger;
    if (this.#isEndGame || this.#hasWaitedLong) {
      for (const rivals of copies.values()) if (this.#areContestable(rivals, source, this.#isEndGame)) return true;
      return false;
    }
    for (const stream of this.streams.waiting) {
      if (stream.hasLeft((piece) => this.#areContestable(this.ledger.copiesOf(piece), source, false))) return true;
    }
    return false;
  }

  /**
   * What has waited longest in the queue of another source that is slower to begin. Otherwise the pieces that are left would all be tied to the queues of
   * slow peers, while fast ones have nothing to do. A source that was given up has to show how soon it grants a request before anything is
   * taken over by it: so no request goes to and fro.
   */
  #waitingElsewhere(source: Source): Choice | undefined {
    const { waitedMs, servedMs } = source;
    if (waitedMs === undefined) return undefined;
    for (const waiting of this.streams.waiting) {
      // Those behind it have waited no longer.
      if (!isWorthTakingOver(this.turn.nowMs - waiting.progressAtMs, waitedMs, servedMs)) return undefined;
      if (waiting.hasLeft((piece) => this.#isForOther(piece, waiting, source))) return { kind: "instead", stream: waiting };
    }
    return undefined;
  }

  /** Whether the source has a piece at which nobody is but a request that waits. */
  #isForOther(piece: number, waiting: Stream, source: Source): boolean {
    if (!source.offers.has(piece)) return false;
    const isOnlyThere = this.ledger.copiesOf(piece).every((copy) => copy.stream === waiting || !isLive(copy));
    return isOnlyThere && this.#isAcceptable(piece, source);
  }

  /** The good copy of a piece that had a bad one tells who lied: the sooner it is there the better. */
  #suspect(source: Source): Choice | undefined {
    for (const piece of this.ledger.suspects.keys()) {
      const isMissing = this.ledger.availability.has(piece) && source.offers.has(piece);
      if (isMissing && this.#isAcceptable(piece, source)) return { kind: "runs", runs: [{ first: piece, count: 1 }] };
    }
    return undefined;
  }

  #partial(source: Source): Choice | undefined {
    for (const copy of this.ledger.partials) {
      if (source.offers.has(copy.piece) && !this.ledger.copiesOf(copy.piece).some(isLive)) return { kind: "copy", copy };
    }
    return undefined;
  }

  /** The rarest, each with its neighbours as far as they are about as rare: what lies together on disk is read and written together. */
  #runs(source: Source, piecesMax: number): Choice | undefined {
    if (source.missingOffered === 0) return undefined;
    const { availability, suspects } = this.ledger;
    const runsMax = source.takesSeveralRuns ? RUNS_PER_STREAM_MAX : 1;
    const runs: PieceRange[] = [];
    const chosen = new Set<number>();
    for (const rarest of availability.rarestFirst(source.offers, source.isFull)) {
      if (chosen.has(rarest) || !this.#isAcceptable(rarest, source)) continue;
      const run = this.#runAround(rarest, source, suspects.size > 0 ? 1 : piecesMax - chosen.size, chosen);
      runs.push(run);
      for (let piece = run.first; piece < run.first + run.count; piece += 1) chosen.add(piece);
      if (runs.length === runsMax || chosen.size >= piecesMax || suspects.size > 0) break;
    }
    return runs.length === 0 ? undefined : { kind: "runs", runs };
  }

  #runAround(rarest: number, source: Source, piecesMax: number, chosen: ReadonlySet<number>): PieceRange {
    const { availability } = this.ledger;
    // Runs begin and end at multiples of their length, so that what is left over is not in crumbs.
    const length = 1 << (31 - Math.clz32(Math.max(1, piecesMax)));
    const groupStart = rarest - (rarest % length);
    const isAlike = (piece: number): boolean =>
      piece < this.ledger.pieceCount &&
      availability.has(piece) &&
      source.offers.has(piece) &&
      availability.of(piece) <= availability.of(rarest) + 1 &&
      !chosen.has(piece);
    let first = rarest;
    while (first > groupStart && isAlike(first - 1)) first -= 1;
    let end = rarest + 1;
    while (end < groupStart + length && isAlike(end)) end += 1;
    return { first, count: end - first };
  }

  /** A piece that has a bad copy of several sources goes to one that had no part in it, if there is one that works. */
  #isAcceptable(piece: number, source: Source): boolean {
    const suspects = this.ledger.suspects.get(piece);
    if (suspects === undefined || !suspects.has(source.peer.ref)) return true;
    for (const other of this.sources) {
      const isFit = !other.isGoingAway && other.pausedUntilMs <= this.turn.nowMs && other.stalls === 0 && other.failures === 0;
      if (isFit && !suspects.has(other.peer.ref) && other.offers.has(piece)) return false;
    }
    return true;
  }

  /** The piece that would come last as things are. */
  #second(source: Source): Choice | undefined {
    const isEndGame = this.#isEndGame;
    // Mostly there is more to ask for and nobody waits for long: that is seen without a look at every piece in the works.
    if (!this.#mayBeSecond(source) || (!isEndGame && !this.#hasWaitedLong)) return undefined;
    let last: readonly Copy[] = [];
    let lastMs = -1;
    for (const copies of this.ledger.copies.values()) {
      if (!this.#areContestable(copies, source, isEndGame)) continue;
      const live = copies.filter(isLive);
      // Two sources give way only to one that is known to be faster.
      if (live.length > 1 && source.rate.measured === undefined) continue;
      if (!live.every((copy) => this.#isBeaten(copy, source, isEndGame))) continue;
      const expectedMs = Math.min(...live.map((copy) => this.#expectedMs(copy)));
      if (expectedMs > lastMs) {
        last = live;
        lastMs = expectedMs;
      }
    }
    const [first, second] = last;
    if (first === undefined) return undefined;
    if (second !== undefined) return { kind: "instead", stream: (this.#expectedMs(first) > this.#expectedMs(second) ? first : second).stream! };
    const begun = this.ledger.copiesOf(first.piece).find((copy) => !isLive(copy));
    return begun === undefined ? { kind: "second", piece: first.piece } : { kind: "copy", copy: begun };
  }

  /** Only who has nothing else to do is asked for what others are at. */
  #mayBeSecond(source: Source): boolean {
    return this.ledger.policies.hasEndGame && source.streams.size === 0;
  }

  /** Whether nothing is left to ask for but what others are at. */
  get #isEndGame(): boolean {
    return this.ledger.availability.offeredCount === 0;
  }

  /** Whether a request has been waiting for a slot for so long that its pieces may be asked for elsewhere. */
  get #hasWaitedLong(): boolean {
    for (const longest of this.streams.waiting) return this.turn.nowMs - longest.progressAtMs >= GRANT_PATIENCE_MS;
    return false;
  }

  /**
   * Somebody is at the piece, and all who are could be contested. It is asked of every piece in the works whenever a source has nothing
   * better to do, and most say no: the commonest reason comes first.
   */
  #areContestable(copies: readonly Copy[], source: Source, isEndGame: boolean): boolean {
    let isAnyLive = false;
    for (const copy of copies) {
      if (!isLive(copy)) continue;
      if (!this.#isContestable(copy, source, isEndGame)) return false;
      isAnyLive = true;
    }
    return isAnyLive;
  }

  /** Another source is at it. While there is something else to ask for, it counts only if that one has not even begun. */
  #isContestable({ piece, state, stream }: Copy, source: Source, isEndGame: boolean): boolean {
    if (state !== "filling" || stream === undefined || stream.source === source) return false;
    return (isEndGame || stream.grantedAtMs === undefined) && source.offers.has(piece);
  }

  #isBeaten(copy: Copy, source: Source, isEndGame: boolean): boolean {
    const { grantedAtMs, progressAtMs, source: holder } = copy.stream!;
    if (grantedAtMs === undefined || holder.rate.measured === undefined) {
      return this.turn.nowMs - progressAtMs >= (isEndGame ? END_GAME_PATIENCE_MS : GRANT_PATIENCE_MS);
    }
    const bytesPerSecond = source.rate.expected(this.turn.nowMs) ?? Number.POSITIVE_INFINITY;
    const ownMs = (this.ledger.pieceBytes(copy.piece) / bytesPerSecond) * 1000;
    return this.#expectedMs(copy) > ownMs + END_GAME_GAIN_MS;
  }

  /** When a copy that is being filled should be complete, in milliseconds from now. The streams of one source share its rate. */
  #expectedMs({ stream }: Copy): number {
    const { rate, outstandingBytes } = stream!.source;
    return (outstandingBytes / (rate.expected(this.turn.nowMs) ?? 0)) * 1000;
  }
}
