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
