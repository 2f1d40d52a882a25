/** Addresses that are remembered as banned; the oldest one makes room. */
export const BANNED_ADDRESSES_MAX = 10_000;

/** Addresses of peers that lied, for as long as the process lives. By address, not by the id that a peer claims. */
export class BanList {
  readonly #addresses = new Set<string>();

  add(address: string): void {
    this.#addresses.add(address);
    if (this.#addresses.size > BANNED_ADDRESSES_MAX) this.#addresses.delete(this.#addresses.keys().next().value!);
  }

  has(address: string): boolean {
    return this.#addresses.has(address);
  }
}
