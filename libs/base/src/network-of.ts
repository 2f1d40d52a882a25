const GROUPS = 8;
const NETWORK_GROUPS = 4;

/** What belongs to one customer of a network: an IPv4 address, or the first 64 bits of an IPv6 address, of which a single host may take any. */
export function networkOf(host: string): string {
  if (!host.includes(":")) return host;
  const [before = "", after] = host.replace(/%.*$/, "").split("::");
  const first = before === "" ? [] : before.split(":");
  const last = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? 0 : GROUPS - first.length - last.length;
  const groups = [...first, ...Array.from({ length: zeros }, () => "0"), ...last];
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
