import { parseHostPort } from "./address.js";
import { ipv4NumberOf, ipv6GroupsOf } from "./ip-address.js";

/** How far an address reaches: this machine, one line, nobody (the one that means "any", and numbers that no host has), many, or anywhere. */
export type HostClass = "loopback" | "linkLocal" | "unspecified" | "multicast" | "other";

/** What kind of address a host is, however it is written. A name that says nothing of it is "other". */
export function hostClassOf(host: string): HostClass {
  // Resolvers take wide and ringed letters and digits for plain ones.
  const plain = host.normalize("NFKC").toLowerCase().replace(/%.*$|\.$/, "");
  if (/^(?:.+\.)?localhost$/.test(plain)) return "loopback";
  const ipv6 = plain.includes(":") ? ipv6GroupsOf(plain) : undefined;
  if (ipv6 !== undefined) return classOfIpv6(ipv6);
  const ipv4 = ipv4NumberOf(plain);
  return ipv4 === undefined ? "other" : classOfIpv4(ipv4);
}

/** Whether a host is this machine itself, however it is written. */
export const isLoopbackHost = (host: string): boolean => hostClassOf(host) === "loopback";

/** Whether `host:port` is this machine itself. @throws UsageError INVALID_ARGUMENT if it is no address. */
export const isLoopbackAddress = (address: string): boolean => isLoopbackHost(parseHostPort(address, "the address").host);

function classOfIpv4(address: number): HostClass {
  const first = Math.floor(address / 2 ** 24);
  if (first === 127) return "loopback";
  // Systems connect to 0.0.0.0 as if it were this machine.
  if (first === 0) return "unspecified";
  if (first >= 224) return first < 240 ? "multicast" : "unspecified";
  return Math.floor(address / 2 ** 16) === 0xa9fe ? "linkLocal" : "other";
}

function classOfIpv6(groups: readonly number[]): HostClass {
  const [first = 0, second = 0] = groups;
  const zerosBefore = groups.findIndex((group) => group !== 0);
  if (zerosBefore === -1) return "unspecified";
  if (zerosBefore === 7 && groups[7] === 1) return "loopback";
  const isMapped = zerosBefore === 5 && groups[5] === 0xffff;
  const isTranslated = first === 0x64 && second === 0xff9b && groups.slice(2, 6).every((group) => group === 0);
  if (isMapped || isTranslated) return classOfIpv4(groups[6]! * 0x1_0000 + groups[7]!);
  if (first >= 0xff00) return "multicast";
  return first >= 0xfe80 && first < 0xfec0 ? "linkLocal" : "other";
}
