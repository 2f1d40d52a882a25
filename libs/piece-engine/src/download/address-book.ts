import type { Prng } from "@piecewise/base";
import { backOff, jitter } from "./back-off.js";
import type { PeerRef, PeerSource } from "./events.js";

/** Addresses that one download knows at most; more are ignored until old ones are forgotten. */
export const ADDRESSES_MAX = 1000;
/** So many of them at most because other peers said so, so that one liar cannot crowd out what the trackers say. */
export const HEARSAY_ADDRESSES_MAX = 500;
/** A longer one is no `host:port`: a host name has at most 253 characters. */
const ADDRESS_LENGTH_MAX = 261;
/** After so many failures in a row a peer is forgotten until it is found anew. Peers that the user named are not. */
export const DIAL_ATTEMPTS_MAX = 6;
const REDIAL_FIRST_MS = 1000;
const REDIAL_MAX_MS = 60_000;
/** A peer that had nothing for us is asked again after this. */
const REDIAL_SLOWLY_MS = 60_000;

/** What becomes of a peer that was let go. */
export type Fate = "redial" | "redialSlowly" | "never";

/** One address and what is known about the peer behind it. It outlives its connections. */
export interface KnownPeer {
  readonly ref: PeerRef;
  readonly address: string;
  /** The user named it. */
  readonly isGiven: boolean;
  state: "idle" | "dialling" | "connected" | "forgotten" | "refused" | "banned";
  /** Failures in a row. */
  attempts: number;
  /** While idle: when it may be dialled. While dialling: since when. */
  sinceMs: number;
  /** How often it was let go because it had granted what it was asked for and sent nothing. */
  silences: number;
  /** A piece of it was verified. */
  isTrusted: boolean;
  /** Payload bytes that came from it. */
  bytes: number;
  /** Verified pieces of which it gave the most. */
  pieces: number;
}

/** The peers that one download knows, by address. */
export class AddressBook {
  readonly #byAddress = new Map<string, KnownPeer>();
  readonly #byRef = new Map<PeerRef, KnownPeer>();
  #nextRef = 0;

  constructor(private readonly prng: Prng) {}

  get(ref: PeerRef): KnownPeer | undefined {
    return this.#byRef.get(ref);
  }

  peers(): IterableIterator<KnownPeer> {
    return this.#byRef.values();
  }

  /** Notes an address; false if it is no news. One that was forgotten gets another chance. */
  learn(address: string, source: PeerSource, nowMs: number): boolean {
    const known = this.#byAddress.get(address);
    if (known !== undefined) {
      if (known.state !== "forgotten") return false;
      known.state = "idle";
      known.attempts = DIAL_ATTEMPTS_MAX - 1;
      return true;
    }
    const isHearsay = source === "exchange" || source === "caller";
    if (address.length === 0 || address.length > ADDRESS_LENGTH_MAX) return false;
    if (this.#byRef.size >= (isHearsay ? HEARSAY_ADDRESSES_MAX : ADDRESSES_MAX) && !this.#evict()) return false;
    const peer: KnownPeer = {
      ref: this.#nextRef,
      address,
      isGiven: source === "given",
      state: "idle",
      attempts: 0,
      sinceMs: nowMs,
      silences: 0,
      isTrusted: false,
      bytes: 0,
      pieces: 0,
    };
    this.#nextRef += 1;
    this.#byAddress.set(address, peer);
    this.#byRef.set(peer.ref, peer);
    return true;
  }

  /** The peer to dial next: the one that failed least, of those the one known longest. What the user named is known first. */
  nextToDial(nowMs: number): KnownPeer | undefined {
    let best: KnownPeer | undefined;
    for (const peer of this.#byRef.values()) {
      if (peer.state !== "idle" || peer.sinceMs > nowMs) continue;
      if (best === undefined || peer.attempts < best.attempts) best = peer;
    }
    return best;
  }

  /** When the next peer may be dialled; Infinity if none is waiting. */
  get nextDialMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const peer of this.#byRef.values()) if (peer.state === "idle" && peer.sinceMs < next) next = peer.sinceMs;
    return next;
  }

  /** A dial failed, or a connection ended. */
  letGo(peer: KnownPeer, fate: Fate, retryAfterMs: number, nowMs: number): void {
    if (peer.state === "banned") return;
    if (fate === "never") {
      peer.state = "refused";
      return;
    }
    peer.attempts += 1;
    if (peer.attempts >= DIAL_ATTEMPTS_MAX && !peer.isGiven) {
      peer.state = "forgotten";
      return;
    }
    const waitMs = fate === "redial" ? backOff(peer.attempts, REDIAL_FIRST_MS, REDIAL_MAX_MS, this.prng) : jitter(REDIAL_SLOWLY_MS, this.prng);
    peer.state = "idle";
    peer.sinceMs = nowMs + Math.max(waitMs, retryAfterMs);
  }

  /** Makes room; false if nothing can be spared. What gave bytes or was banned is kept: it may still be blamed. */
  #evict(): boolean {
    for (const peer of this.#byRef.values()) {
      if (peer.state === "forgotten" && peer.bytes === 0) {
        this.#byRef.delete(peer.ref);
        this.#byAddress.delete(peer.address);
        return true;
      }
    }
    return false;
  }
}
