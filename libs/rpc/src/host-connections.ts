import { isLoopbackHost } from "@piecewise/base";

/** Counts the connections from each address and keeps each below its maximum. */
export class HostConnections {
  readonly #max: number;
  readonly #countByHost = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts one more, unless that is too many; returns whether it is let in. */
  admit(host: string): boolean {
    // Many peers may run on this machine, and all have one address.
    if (isLoopbackHost(host)) return true;
    const count = this.#countByHost.get(host) ?? 0;
    if (count >= this.#max) return false;
    this.#countByHost.set(host, count + 1);
    return true;
  }

  /** One that was let in is gone. */
  release(host: string): void {
    const count = this.#countByHost.get(host);
    if (count === undefined) return;
    if (count === 1) this.#countByHost.delete(host);
    else this.#countByHost.set(host, count - 1);
  }
}
