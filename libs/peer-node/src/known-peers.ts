import { isLoopbackAddress, type Prng } from "@piecewise/base";
import type { BanList } from "./ban-list.js";

/** At most so many peers are remembered for one content; the one not seen for the longest time goes first. */
export const KNOWN_PEERS_MAX = 200;
/** A peer that nobody has seen for so long is not passed on any more. */
export const KNOWN_PEER_TTL_MS = 10 * 60_000;

/** The peers of one swarm that this process has met, kept so that they can be passed on to others, but for those that lied. */
export class KnownPeers {
  readonly #banned: BanList;
  /** Address → when it was last seen, in that order. */
  readonly #seenAtMs = new Map<string, number>();

  constructor(banned: BanList) {
    this.#banned = banned;
  }

  /** It said something to us, or called us. */
  saw(address: string, nowMs: number): void {
    this.#seenAtMs.delete(address);
    this.#seenAtMs.set(address, nowMs);
    if (this.#seenAtMs.size > KNOWN_PEERS_MAX) this.#seenAtMs.delete(this.#seenAtMs.keys().next().value!);
  }

  /** Addresses in random order, without the one who asks. Loopback addresses are of use only to those who are on loopback themselves. */
  sample(asker: { readonly address: string | undefined; readonly isLoopback: boolean }, countMax: number, nowMs: number, prng: Prng): string[] {
    const addresses: string[] = [];
    for (const [address, seenAtMs] of this.#seenAtMs) {
      if (nowMs - seenAtMs > KNOWN_PEER_TTL_MS || address === asker.address || this.#banned.has(address)) continue;
      if (isLoopbackAddress(address) && !asker.isLoopback) continue;
      addresses.push(address);
    }
    return prng.shuffle(addresses).slice(0, countMax);
  }
}
