import { UsageError, displayText, formatHostPort, hostClassOf, isPrivateHost, parseHostPort } from "@piecewise/base";

const QUOTED_LENGTH_MAX = 80;

/**
 * Checks an advertised address and returns it as it is listed.
 * @param observedHost from where the peer calls. What reaches only a part of the world may be named by somebody in that part: the tracker
 * dials what it is told, and nobody shall reach through it what they cannot reach by themselves.
 * @throws UsageError INVALID_ARGUMENT
 */
export function listableAddress(address: string, observedHost: string): string {
  const { host, port } = parseHostPort(address, "advertised_address");
  const plainHost = host.toLowerCase();
  if (port === 0) throw invalid(address, "has port 0: give 1 to 65535");
  // A name may stand for another address each time it is looked up.
  if (!isIpv4(plainHost) && !isIpv6(plainHost)) throw invalid(address, "has a host that is no IP address: give one, not a name");
  if (!mayDial(plainHost, observedHost)) {
    throw invalid(address, `is none that a peer may name that calls from ${observedHost}: give the address at which others reach it`);
  }
  return formatHostPort({ host: plainHost, port });
}

/** Whether a peer that calls from there may be dialled and listed at `host:port`. */
export const mayBeListed = (address: string, observedHost: string): boolean =>
  mayDial(parseHostPort(address, "the address of a peer").host, observedHost);

function mayDial(host: string, observedHost: string): boolean {
  switch (hostClassOf(host)) {
    case "linkLocal":
    case "multicast":
    case "unspecified":
      return false;
    case "loopback":
      return hostClassOf(observedHost) === "loopback";
    case "other":
      return !isPrivateHost(host) || isPrivateHost(observedHost);
  }
}

/** As everybody reads it: resolvers take 010.0.0.1 for 8.0.0.1, and 10.1 for 10.0.0.1. */
function isIpv4(host: string): boolean {
  const parts = host.split(".");
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** A zone (`%eth0`) means something on one machine only, and the form with a dotted tail is never needed. */
function isIpv6(host: string): boolean {
  const [head, tail, ...more] = host.split("::");
  const groups = [head, tail].flatMap((part) => (part === undefined || part === "" ? [] : part.split(":")));
  const isCountRight = tail === undefined ? groups.length === 8 : groups.length <= 7;
  return host.includes(":") && more.length === 0 && isCountRight && groups.every((group) => /^[0-9a-f]{1,4}$/.test(group));
}

function invalid(address: string, why: string): UsageError {
  const shown = displayText(address.length > QUOTED_LENGTH_MAX ? `${address.slice(0, QUOTED_LENGTH_MAX)}…` : address);
  return new UsageError("INVALID_ARGUMENT", `advertised_address "${shown}" ${why}`);
}
