import { isLoopbackHost, networkOf } from "@piecewise/base";

interface Share {
  count: number;
  /** Somebody heard that it is used up. */
  isTold: boolean;
}

/** Counts what each network has open, connections or calls, and keeps each below its maximum. */
export class HostQuota {
  readonly #max: number;
  readonly #onUsedUp: (host: string) => void;
  readonly #shares = new Map<string, Share>();

  /** @param onUsedUp hears of a refusal, and of the next ones only after half was free again: a log that anybody can fill is no help. */
  constructor(max: number, onUsedUp: (host: string) => void) {
    this.#max = max;
    this.#onUsedUp = onUsedUp;
  }

  /** Counts one more, unless that is too many; returns whether it is let in. */
  admit(host: string): boolean {
    // Many peers may run on this machine, and all have one address.
    if (isLoopbackHost(host)) return true;
    const network = networkOf(host);
    const share = this.#shares.get(network) ?? { count: 0, isTold: false };
    if (share.count >= this.#max) {
      if (!share.isTold) this.#onUsedUp(host);
      share.isTold = true;
      return false;
    }
    share.count += 1;
    this.#shares.set(network, share);
    return true;
  }

  /** One that was let in is gone. */
  release(host: string): void {
    const network = networkOf(host);
    const share = this.#shares.get(network);
    if (share === undefined) return;
    share.count -= 1;
    if (share.count <= this.#max / 2) share.isTold = false;
    if (share.count === 0) this.#shares.delete(network);
  }
}
