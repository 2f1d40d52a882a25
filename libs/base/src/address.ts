import { UsageError } from "./errors.js";

/** Where something listens. Written `host:port`, an IPv6 address in brackets: `[::1]:50051`. */
export interface HostPort {
  readonly host: string;
  /** 0 to 65535; 0 asks the system for any free port. */
  readonly port: number;
}

const HOST_PORT = /^(?:\[([0-9a-f:.%]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/i;

/**
 * Parses `host:port`.
 * @throws UsageError INVALID_ARGUMENT if `text` is something else; `what` names it in the message.
 */
export function parseHostPort(text: string, what: string): HostPort {
  const match = HOST_PORT.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new UsageError("INVALID_ARGUMENT", `${what} "${text}" is not HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051`);
  }
  return { host: (match[1] ?? match[2])!, port };
}

/** The reverse of `parseHostPort`. */
export const formatHostPort = ({ host, port }: HostPort): string => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);

/** Whether a host is this machine itself, however it is written. */
export function isLoopbackHost(host: string): boolean {
  const plain = host.toLowerCase().replace(/^::ffff:/, "");
  return plain === "localhost" || plain.endsWith(".localhost") || plain === "::1" || /^127(\.\d{1,3}){3}$/.test(plain);
}

/** Whether `host:port` is this machine itself. */
export const isLoopbackAddress = (address: string): boolean => isLoopbackHost(parseHostPort(address, "the address").host);
