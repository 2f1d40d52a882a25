import { ipv4NumberOf, ipv6GroupsOf } from "./ip-address.js";

/** First bits and their number: of one organization (RFC 1918), or of the customers of one provider (RFC 6598). */
const PRIVATE_IPV4: readonly (readonly [network: number, bits: number])[] = [
  [0x0a00_0000, 8],
  [0xac10_0000, 12],
  [0xc0a8_0000, 16],
  [0x6440_0000, 10],
];

/** Whether a host is an address that means something only in the network of one organization, however it is written. */
export function isPrivateHost(host: string): boolean {
  const groups = host.includes(":") ? ipv6GroupsOf(host.toLowerCase()) : undefined;
  const ipv4 = groups === undefined ? ipv4NumberOf(host.toLowerCase()) : embeddedIpv4(groups);
  if (ipv4 !== undefined) return PRIVATE_IPV4.some(([network, bits]) => ipv4 >= network && ipv4 < network + 2 ** (32 - bits));
  // fc00::/7, and fec0::/10, which came before it.
  const first = groups?.[0] ?? 0;
  return (first >= 0xfc00 && first < 0xfe00) || (first >= 0xfec0 && first < 0xff00);
}

/** The IPv4 address that an IPv6 address stands for, mapped (::ffff:0:0/96) or translated (64:ff9b::/96). */
function embeddedIpv4(groups: readonly number[]): number | undefined {
  const prefix = groups.slice(0, 6).map((group) => group.toString(16)).join(":");
  return prefix === "0:0:0:0:0:ffff" || prefix === "64:ff9b:0:0:0:0" ? groups[6]! * 0x1_0000 + groups[7]! : undefined;
}
