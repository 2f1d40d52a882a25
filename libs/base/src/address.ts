import { displayText } from "./display.js";
import { UsageError } from "./errors.js";

/** Where something listens. Written `host:port`, an IPv6 address in brackets: `[::1]:50051`. */
export interface HostPort {
  readonly host: string;
  /** 0 to 65535; 0 asks the system for any free port. */
  readonly port: number;
}

/** Longest host in characters; domain names cannot be longer. */
export const HOST_LENGTH_MAX = 253;

// Addresses come from the network and are shown, so a host holds nothing but letters, digits and what joins them. An IPv6 address may
// carry a zone: fe80::1%eth0.
const HOST_PORT = /^(?:\[([0-9a-f.]*:[0-9a-f:.]*(?:%[\w.-]+)?)\]|([\p{L}\p{M}\p{N}._-]+)):(\d{1,5})$/iu;

/**
 * Parses `host:port`.
 * @throws UsageError INVALID_ARGUMENT if `text` is something else; `what` names it in the message.
 */
export function parseHostPort(text: string, what: string): HostPort {
  const match = HOST_PORT.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || host.length > HOST_LENGTH_MAX || port > 65_535) {
    const shown = displayText(text.length > HOST_LENGTH_MAX ? `${text.slice(0, HOST_LENGTH_MAX)}…` : text);
    throw new UsageError("INVALID_ARGUMENT", `${what} "${shown}" is not HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051`);
  }
  return { host, port };
}

/** The reverse of `parseHostPort`. */
export const formatHostPort = ({ host, port }: HostPort): string => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);

const LOOPBACK_HOSTS = [
  /^(?:.+\.)?localhost$/,
  /^[0:]*:0{0,3}1$/,
  // IPv4 mapped into IPv6, the last four bytes written either way.
  /^[0:]*:ffff:127(?:\.\d{1,3}){3}$/,
  /^[0:]*:ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/,
];

/** Whether a host is this machine itself, however it is written. */
export function isLoopbackHost(host: string): boolean {
  // Resolvers take wide and ringed letters and digits for plain ones.
  const plain = host.normalize("NFKC").toLowerCase().replace(/%.*$|\.$/, "");
  return LOOPBACK_HOSTS.some((pattern) => pattern.test(plain)) || isLoopbackIpv4(plain);
}

/**
 * Resolvers take one to four numbers for an IPv4 address, decimal, octal (0177) or hexadecimal (0x7f), the last one for all bytes that are
 * left: 127.1, 0177.0.0.1, 0x7f.1 and 2130706433 are 127.0.0.1.
 */
function isLoopbackIpv4(host: string): boolean {
  const parts = host.split(".");
  if (parts.length > 4 || !parts.every((part) => /^(?:0x[0-9a-f]+|\d+)$/.test(part))) return false;
  const first = parseResolverNumber(parts[0]!);
  return (parts.length === 1 ? Math.floor(first / 2 ** 24) : first) === 127;
}

function parseResolverNumber(text: string): number {
  if (text.startsWith("0x")) return Number.parseInt(text.slice(2), 16);
  return Number.parseInt(text, /^0[0-7]+$/.test(text) ? 8 : 10);
}

/** Whether `host:port` is this machine itself. @throws UsageError INVALID_ARGUMENT if it is no address. */
export const isLoopbackAddress = (address: string): boolean => isLoopbackHost(parseHostPort(address, "the address").host);
