import { networkInterfaces } from "node:os";
import { formatHostPort, isLoopbackAddress, parseHostPort, type HostPort } from "@piecewise/base";

const LOOPBACK = "127.0.0.1";
const ALL_INTERFACES = "0.0.0.0";

/**
 * Where a peer listens unless told: on loopback while all its trackers are there too, for then nobody else can hear of it; otherwise, and
 * without any tracker, on all interfaces. Port 0: any free one.
 */
export function defaultListen(trackers: readonly string[], port = 0): HostPort {
  const isLocal = trackers.length > 0 && trackers.every(isLoopbackAddress);
  return { host: isLocal ? LOOPBACK : ALL_INTERFACES, port };
}

/** What to tell others who cannot use "all interfaces": this machine's first address that is not loopback, if it has one. */
export function dialableAddress(listenAddress: string): string {
  const { host, port } = parseHostPort(listenAddress, "the listen address");
  if (host !== ALL_INTERFACES && host !== "::") return listenAddress;
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((candidate) => candidate !== undefined && !candidate.internal && candidate.family === "IPv4");
  return formatHostPort({ host: outside?.address ?? LOOPBACK, port });
}
