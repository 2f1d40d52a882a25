const IPV6_GROUPS = 8;

/**
 * An IPv4 address as a number, if a resolver would take the text for one: one to four numbers, decimal, octal (0177) or hexadecimal (0x7f),
 * the last one for all bytes that are left. 127.1, 0177.0.0.1, 0x7f.1 and 2130706433 are 127.0.0.1.
 */
export function ipv4NumberOf(host: string): number | undefined {
  const parts = host.split(".");
  if (parts.length > 4 || !parts.every((part) => /^(?:0x[0-9a-f]+|\d+)$/.test(part))) return undefined;
  const numbers = parts.map(parseResolverNumber);
  const rest = numbers.pop()!;
  if (rest >= 256 ** (4 - numbers.length) || numbers.some((byte) => byte > 255)) return undefined;
  return numbers.reduce((sum, byte, index) => sum + byte * 256 ** (3 - index), rest);
}

/** Whether a host is an address and no name: nobody has to be asked what it stands for. */
export const isIpAddress = (host: string): boolean => (host.includes(":") ? ipv6GroupsOf(host) : ipv4NumberOf(host)) !== undefined;

function parseResolverNumber(text: string): number {
  if (text.startsWith("0x")) return Number.parseInt(text.slice(2), 16);
  return Number.parseInt(text, /^0[0-7]+$/.test(text) ? 8 : 10);
}

/** The eight groups of an IPv6 address, a zone (`%eth0`) left out; undefined if it is none. */
export function ipv6GroupsOf(host: string): number[] | undefined {
  const [before = "", after, ...more] = host.replace(/%.*$/, "").split("::");
  const first = groupsIn(before);
  const last = groupsIn(after ?? "");
  const zeros = after === undefined ? 0 : IPV6_GROUPS - first.length - last.length;
  if (zeros < 0 || more.length > 0) return undefined;
  const groups = [...first, ...Array.from({ length: zeros }, () => 0), ...last];
  return groups.length === IPV6_GROUPS && groups.every((group) => group <= 0xffff) ? groups : undefined;
}

/** NaN for what is none. The last 32 bits may be written as an IPv4 address. */
function groupsIn(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return /^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : Number.NaN;
    const ipv4 = ipv4NumberOf(group) ?? Number.NaN;
    return [Math.floor(ipv4 / 0x1_0000), ipv4 % 0x1_0000];
  });
}
