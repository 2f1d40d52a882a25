import { MIB } from "@piecewise/base";
import type { Connections } from "./connections.js";
import type { Deadlines } from "./deadlines.js";
import type { PieceLedger } from "./piece-ledger.js";
import type { Source } from "./source.js";
import type { Stream } from "./stream.js";
import type { Streams } from "./streams.js";
import type { Turn } from "./turn.js";

/** A granted stream may be silent for so long at least … */
export const STALL_MS_MIN = 2000;
/** … and so long at most. Doubled with every stall of the peer. */
export const STALL_MS_MAX = 15_000;
/** What a peer gets that was never measured. */
const STALL_UNMEASURED_MS = 5000;
/** In between: so many times as long as a chunk should take. */
const STALL_FACTOR = 4;
/** The largest chunk that a peer may send. */
const CHUNK_BYTES_MAX = MIB;
/** The time is doubled at most so often: a peer with slow chunks gets one through in the end. */
const STALL_DOUBLINGS_MAX = 4;
/** A stream of which all bytes came has so long to end. */
const END_MS = 5000;
/** A stalled stream that nobody else can take is looked at again after this. */
const REVIEW_AGAIN_MS = 1000;
/** A peer that stalled is asked for nothing for a while. */
const STALL_PAUSE_MS = 2000;
const STALL_PAUSE_MS_MAX = 10_000;

/** Finds streams that have stopped, and cancels those whose pieces another source can take; the others may take all the time they need. */
export class StallReview {
  constructor(
    private readonly ledger: PieceLedger,
    private readonly streams: Streams,
    private readonly connections: Connections,
    private readonly deadlines: Deadlines,
    private readonly turn: Turn,
  ) {}

  /** A stream has begun, or got its last byte. */
  watch(stream: Stream): void {
    this.deadlines.setEarlier("review", stream.progressAtMs + this.#patienceMs(stream));
  }

  run(): void {
    const { nowMs } = this.turn;
    if (this.ledger.isStorageBehind) {
      for (const stream of this.streams) if (stream.grantedAtMs !== undefined) stream.progressAtMs = nowMs;
      this.deadlines.set("review", nowMs + REVIEW_AGAIN_MS);
      return;
    }
    let nextMs = Number.POSITIVE_INFINITY;
    for (const stream of this.streams) {
      if (stream.grantedAtMs === undefined) continue;
      const dueMs = stream.progressAtMs + this.#patienceMs(stream);
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs);
      } else if (stream.isDrained) {
        this.streams.cancel(stream);
        this.connections.releaseIfIdle(stream.source);
      } else if (this.#canOtherTake(stream)) {
        this.#moveOn(stream);
      } else {
        nextMs = Math.min(nextMs, nowMs + REVIEW_AGAIN_MS);
      }
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.deadlines.setEarlier("review", nextMs);
  }

  #moveOn(stream: Stream): void {
    const { source } = stream;
    this.streams.cancel(stream);
    this.connections.pause(source, Math.min(STALL_PAUSE_MS * 2 ** source.stalls, STALL_PAUSE_MS_MAX));
    source.stalls = Math.min(source.stalls + 1, STALL_DOUBLINGS_MAX);
    this.connections.releaseIfIdle(source);
  }

  #patienceMs(stream: Stream): number {
    if (stream.isDrained) return END_MS;
    const { measured } = stream.source.rate;
    const doublings = 2 ** stream.source.stalls;
    if (measured === undefined) return STALL_UNMEASURED_MS * doublings;
    // The streams of one peer share its rate.
    const chunkMs = ((Math.min(stream.remainingBytes, CHUNK_BYTES_MAX) * stream.source.streams.size) / measured) * 1000;
    return Math.min(Math.max(STALL_FACTOR * chunkMs, STALL_MS_MIN), STALL_MS_MAX) * doublings;
  }

  #canOtherTake(stream: Stream): boolean {
    for (const source of this.connections.sources) {
      if (source !== stream.source && source.offers.has(stream.piece) && this.#isFit(source)) return true;
    }
    return false;
  }

  /** It could be asked now or soon: it does not say otherwise, and what it was asked for is coming. */
  #isFit(source: Source): boolean {
    if (source.isGoingAway || source.pausedUntilMs > this.turn.nowMs) return false;
    if (!source.peer.isTrusted && source.streams.size > 0) return false;
    for (const stream of source.streams) if (stream.progressAtMs + this.#patienceMs(stream) <= this.turn.nowMs) return false;
    return true;
  }
}
