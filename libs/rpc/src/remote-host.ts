/** An IP address as people write it: IPv4 in dotted form also when it came in mapped into IPv6. */
export const plainHost = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "");

/**
 * The IP address in what grpc-js calls the peer of a call: `address:port`, without brackets also for IPv6. "unknown" if the connection is
 * gone already.
 */
export const remoteHostOf = (peer: string): string => plainHost(peer.replace(/:\d+$/, ""));
