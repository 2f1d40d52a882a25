import { BlockList, isIP } from "node:net";
import type { Cidr } from "@piecewise/base";
import { plainHost, remoteHostOf } from "./remote-host.js";

/** What this needs of a server call of grpc-js. */
interface IncomingCall {
  getPeer(): string;
  readonly metadata: { get(key: string): readonly (string | Buffer)[] };
}

/** From which IP address a call comes; something else if the connection is gone already. */
export type CallerHost = (call: IncomingCall) => string;

/** The other end of the connection. */
export const connectedHost: CallerHost = (call) => remoteHostOf(call.getPeer());

/** Proxies whose word is taken for where a call comes from. */
export class TrustedProxies {
  readonly #networks = new BlockList();

  constructor(networks: readonly Cidr[]) {
    for (const { address, prefixLength, family } of networks) this.#networks.addSubnet(address, prefixLength, family);
  }

  has(host: string): boolean {
    const version = isIP(host);
    return version !== 0 && this.#networks.check(host, version === 4 ? "ipv4" : "ipv6");
  }

  /**
   * Each proxy writes behind what was there before from where it was called. So the last address that is no proxy's is where the call came
   * from; what stands before it was written by strangers, and so is all of it if no proxy has called.
   */
  readonly callerHost: CallerHost = (call) => {
    const hops = call.metadata.get("x-forwarded-for").flatMap((value) => String(value).split(","));
    let host = connectedHost(call);
    while (this.has(host)) {
      const before = hostOfHop(hops.pop());
      if (isIP(before) === 0) break;
      host = before;
    }
    return host;
  };
}

/** Some proxies write the port, too, and then brackets around IPv6. */
function hostOfHop(hop = ""): string {
  const text = hop.trim();
  if (isIP(text) !== 0) return plainHost(text);
  const { bracketed, plain = "" } = /^(?:\[(?<bracketed>[^\]]+)\](?::\d+)?|(?<plain>[\d.]+):\d+)$/.exec(text)?.groups ?? {};
  return plainHost(bracketed ?? plain);
}
