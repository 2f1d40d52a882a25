import type { Prng } from "@piecewise/base";

/** As many as a real peer remembers, for as long as it does. */
const KNOWN_PEERS_MAX = 200;
const KNOWN_PEER_TTL_MS = 10 * 60_000;

/** The peers of the swarm that a node has met and passes on. */
export class KnownPeers {
  /** In the order of these times. */
  readonly #seenAtMs = new Map<string, number>();

  saw(address: string, nowMs: number): void {
    this.#seenAtMs.delete(address);
    this.#seenAtMs.set(address, nowMs);
    if (this.#seenAtMs.size > KNOWN_PEERS_MAX) this.#seenAtMs.delete(this.#seenAtMs.keys().next().value!);
  }

  sample(asker: string, countMax: number, nowMs: number, prng: Prng, isBanned: (address: string) => boolean): string[] {
    const addresses: string[] = [];
    for (const [address, seenAtMs] of this.#seenAtMs) {
      if (address !== asker && nowMs - seenAtMs <= KNOWN_PEER_TTL_MS && !isBanned(address)) addresses.push(address);
    }
    return prng.shuffle(addresses).slice(0, countMax);
  }
}
