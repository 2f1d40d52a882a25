import { displayText } from "./display.js";
import { UsageError } from "./errors.js";
import { ipv6GroupsOf } from "./ip-address.js";

/** A network: all addresses that begin with the same bits. */
export interface Cidr {
  readonly family: "ipv4" | "ipv6";
  /** Any address in it. */
  readonly address: string;
  /** How many bits they share. */
  readonly prefixLength: number;
}

const CIDR = /^(?<address>[0-9a-f.:]{1,45})\/(?<prefixLength>\d{1,3})$/i;
const IPV4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;
const SHOWN_LENGTH_MAX = 80;

/**
 * Parses `10.0.0.0/8` or `fd00::/8`.
 * @throws UsageError INVALID_ARGUMENT if `text` is something else; `what` names it in the message.
 */
export function parseCidr(text: string, what: string): Cidr {
  const { address = "", prefixLength = "" } = CIDR.exec(text)?.groups ?? {};
  const family = familyOf(address);
  if (family === undefined || Number(prefixLength) > (family === "ipv4" ? 32 : 128)) {
    const shown = displayText(text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text);
    throw new UsageError(
      "INVALID_ARGUMENT",
      `${what} "${shown}" is not a network such as 10.0.0.0/8 or fd00::/8; a single address is written 10.0.0.1/32 or fd00::1/128`,
    );
  }
  return { family, address, prefixLength: Number(prefixLength) };
}

function familyOf(address: string): Cidr["family"] | undefined {
  if (address.includes(":")) return address.includes(".") || ipv6GroupsOf(address) === undefined ? undefined : "ipv6";
  return IPV4.test(address) && address.split(".").every((byte) => Number(byte) <= 255) ? "ipv4" : undefined;
}
