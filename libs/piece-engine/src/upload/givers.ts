/** Addresses of peers that gave something, as many as are remembered. */
export const GIVERS_MAX = 1024;
/** Who gives is one whose bytes came to at least this part of what it was sent: slow lines are no fault. */
const GAVE_PARTS = 16;

interface Account {
  gaveBytes: number;
  sentBytes: number;
}

/**
 * Who has given: whose bytes turned out to be right, by the address at which it was called. Nothing that a peer says counts, only what came from
 * there. Those who gave longest ago are forgotten first.
 */
export class Givers {
  readonly #accounts = new Map<string, Account>();

  /** Bytes of the peer there turned out to be right. */
  gave(address: string, bytes: number): void {
    const account = this.#accounts.get(address) ?? { gaveBytes: 0, sentBytes: 0 };
    account.gaveBytes += bytes;
    this.#accounts.delete(address);
    this.#accounts.set(address, account);
    if (this.#accounts.size <= GIVERS_MAX) return;
    for (const oldest of this.#accounts.keys()) {
      this.#accounts.delete(oldest);
      return;
    }
  }

  /** A caller that can be called there was sent so much. */
  sent(address: string | undefined, bytes: number): void {
    const account = address === undefined ? undefined : this.#accounts.get(address);
    if (account !== undefined) account.sentBytes += bytes;
  }

  /** Whether a caller that can be called there gives. */
  has(address: string | undefined): boolean {
    const account = address === undefined ? undefined : this.#accounts.get(address);
    return account !== undefined && account.gaveBytes * GAVE_PARTS >= account.sentBytes;
  }
}
