import { isIPv6 } from "node:net";
import { isLoopbackHost } from "@piecewise/base";

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

const GROUPS = 8;
const NETWORK_GROUPS = 4;

/** What belongs to one customer of a network: an IPv4 address, or the first 64 bits of an IPv6 address, of which a single host may take any. */
export function networkOf(host: string): string {
  if (!isIPv6(host)) return host;
  const [before = "", after] = host.replace(/%.*$/, "").split("::");
  const first = before === "" ? [] : before.split(":");
  const last = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? 0 : GROUPS - first.length - last.length;
  const groups = [...first, ...Array.from({ length: zeros }, () => "0"), ...last];
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
