import { MIB } from "@piecewise/base";
import type { Source } from "./source.js";

/** A peer that has proved itself may be asked for at least so much, or for one piece. */
export const WINDOW_BYTES_MIN = MIB;
/** And for no more than this: enough for 500 MiB/s on loopback, and what is lost with a peer stays small. */
export const WINDOW_BYTES_MAX = 24 * MIB;
/** In between: what it delivers in so much time. Longer than any round trip, and short enough that no peer sits on much at the end. */
const WINDOW_MS = 1500;
/** Calls to one peer at a time. */
export const STREAMS_PER_SOURCE_MAX = 6;
/** One stream brings at most so much: a call costs both sides about as much as a mebibyte. */
export const RUN_BYTES_MAX = 12 * MIB;
/** The window is spread over so many streams: while one comes to its end, the other keeps the connection busy. */
const RUNS_PER_WINDOW = 2;

/** How many bytes a peer that has proved itself may be asked for at a time. */
export function windowBytes(source: Source): number {
  const measured = ((source.rate.measured ?? 0) * WINDOW_MS) / 1000;
  return Math.min(Math.max(measured, WINDOW_BYTES_MIN), WINDOW_BYTES_MAX);
}

/**
 * And for no more than this while others could bring it, too: what is left, and is there, is dealt out in ever smaller parts, so that no peer
 * has much of it in its queue while another has nothing to do.
 */
export const shareBytes = (leftBytes: number, sources: number): number =>
  sources < 2 ? Number.POSITIVE_INFINITY : Math.max(WINDOW_BYTES_MIN, leftBytes / (2 * sources));

/**
 * A source is asked again when no more than this is outstanding: a call for the next piece whenever one has come would cost more than the
 * pieces.
 */
export const refillBytes = (window: number): number => window / RUNS_PER_WINDOW;

/** How many bytes one stream of it should bring. */
export const runBytes = (source: Source): number => Math.min(windowBytes(source) / RUNS_PER_WINDOW, RUN_BYTES_MAX);
