import { ipv6GroupsOf } from "./ip-address.js";

const NETWORK_GROUPS = 4;

/** What belongs to one customer of a network: an IPv4 address, or the first 64 bits of an IPv6 address, of which a single host may take any. */
export function networkOf(host: string): string {
  const groups = host.includes(":") ? ipv6GroupsOf(host) : undefined;
  if (groups === undefined) return host;
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}
