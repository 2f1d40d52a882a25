import type { KnownPeer } from "./address-book.js";
import { RateMeter } from "./rate-meter.js";

export type EnginePhase = "finding-peers" | "fetching-manifest" | "checking" | "downloading" | "finishing";

/** How far a download is. */
export interface EngineProgress {
  readonly phase: EnginePhase;
  /** Bytes of pieces whose hashes are right. */
  readonly verifiedBytes: number;
  /** 0 until the manifest is there. */
  readonly totalBytes: number;
  /** Payload bytes of this run, duplicates and bad ones included. */
  readonly receivedBytes: number;
  /** Verified bytes that were there before this run. */
  readonly resumedBytes: number;
  /** Wanted bytes that came in the last five seconds, without resumed ones. */
  readonly bytesPerSecond: number;
  /** undefined while there is nothing honest to say. */
  readonly etaMs: number | undefined;
  readonly connectedPeers: number;
  /** What each peer gave: payload bytes, and verified pieces of which it gave the most. Only those that gave something. */
  readonly peers: readonly { readonly address: string; readonly bytes: number; readonly pieces: number }[];
}

/** Counts what comes. */
export class Progress {
  totalBytes = 0;
  verifiedBytes = 0;
  receivedBytes = 0;
  resumedBytes = 0;
  readonly #meter = new RateMeter();

  /** Payload came, wanted or not. */
  received(peer: KnownPeer, bytes: number): void {
    this.receivedBytes += bytes;
    peer.bytes += bytes;
  }

  /** Of the payload so many bytes are of use. */
  wanted(bytes: number, nowMs: number): void {
    this.#meter.add(bytes, nowMs);
  }

  snapshot(phase: EnginePhase, connectedPeers: number, known: Iterable<KnownPeer>, nowMs: number): EngineProgress {
    const { totalBytes, verifiedBytes, receivedBytes, resumedBytes } = this;
    const bytesPerSecond = this.#meter.bytesPerSecond(nowMs);
    const isOver = phase === "finishing" && verifiedBytes === totalBytes;
    const isKnown = phase === "downloading" && bytesPerSecond > 0;
    const etaMs = isOver ? 0 : isKnown ? ((totalBytes - verifiedBytes) / bytesPerSecond) * 1000 : undefined;
    const peers = [...known].filter(({ bytes }) => bytes > 0).map(({ address, bytes, pieces }) => ({ address, bytes, pieces }));
    return { phase, verifiedBytes, totalBytes, receivedBytes, resumedBytes, bytesPerSecond, etaMs, connectedPeers, peers };
  }
}
