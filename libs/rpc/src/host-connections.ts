import { isLoopbackHost, networkOf } from "@piecewise/base";

/** Counts the connections from each network and keeps each below its maximum. */
export class HostConnections {
  readonly #max: number;
  readonly #countByNetwork = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts one more, unless that is too many; returns whether it is let in. */
  admit(host: string): boolean {
    // Many peers may run on this machine, and all have one address.
    if (isLoopbackHost(host)) return true;
    const network = networkOf(host);
    const count = this.#countByNetwork.get(network) ?? 0;
    if (count >= this.#max) return false;
    this.#countByNetwork.set(network, count + 1);
    return true;
  }

  /** One that was let in is gone. */
  release(host: string): void {
    const network = networkOf(host);
    const count = this.#countByNetwork.get(network);
    if (count === undefined) return;
    if (count === 1) this.#countByNetwork.delete(network);
    else this.#countByNetwork.set(network, count - 1);
  }
}
