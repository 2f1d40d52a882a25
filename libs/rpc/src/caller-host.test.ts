import { parseCidr } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { connectedHost, TrustedProxies } from "./caller-host.js";

const proxies = new TrustedProxies(["10.0.0.0/8", "192.0.2.7/32", "fd00::/16"].map((text) => parseCidr(text, "the proxy")));

/** A call by way of `peer`, as grpc-js tells it, with these headers. */
const callFrom = (peer: string, ...forwarded: readonly (string | Buffer)[]) => ({
  getPeer: () => `${peer}:40000`,
  metadata: { get: (key: string) => (key === "x-forwarded-for" ? forwarded : []) },
});

describe("a caller", () => {
  test.each<[what: string, peer: string, forwarded: readonly string[], host: string]>([
    ["by way of a proxy", "10.1.2.3", ["203.0.113.9"], "203.0.113.9"],
    ["by way of a proxy with an address in IPv6", "fd00::1", ["2001:db8::9"], "2001:db8::9"],
    ["by way of a proxy that came in mapped into IPv6", "::ffff:10.1.2.3", ["203.0.113.9"], "203.0.113.9"],
    ["by way of two proxies", "10.1.2.3", ["203.0.113.9, 192.0.2.7"], "203.0.113.9"],
    ["in two headers", "10.1.2.3", ["203.0.113.9", "192.0.2.7"], "203.0.113.9"],
    ["that says itself where it is from", "10.1.2.3", ["127.0.0.1, 10.0.0.1, 203.0.113.9"], "203.0.113.9"],
    ["with a port", "10.1.2.3", ["203.0.113.9:1234"], "203.0.113.9"],
    ["in brackets with a port", "10.1.2.3", ["[2001:db8::9]:1234"], "2001:db8::9"],
    ["in brackets", "10.1.2.3", ["[2001:db8::9]"], "2001:db8::9"],
    ["mapped into IPv6", "10.1.2.3", ["::ffff:203.0.113.9"], "203.0.113.9"],
    ["that is a proxy itself", "10.1.2.3", ["10.9.9.9"], "10.9.9.9"],
    ["of whom the proxy says nothing", "10.1.2.3", [], "10.1.2.3"],
    ["of whom the proxy says nonsense", "10.1.2.3", ["203.0.113.9, unknown"], "10.1.2.3"],
    ["behind nonsense", "10.1.2.3", ["unknown, 203.0.113.9"], "203.0.113.9"],
    ["with an empty header", "10.1.2.3", [""], "10.1.2.3"],
    ["that is no proxy and says what it likes", "203.0.113.66", ["127.0.0.1"], "203.0.113.66"],
    ["next to the network of proxies", "192.0.2.8", ["127.0.0.1"], "192.0.2.8"],
    ["that has hung up", "unknown", ["127.0.0.1"], "unknown"],
  ])("%s", (_what, peer, forwarded, host) => {
    expect(proxies.callerHost(callFrom(peer, ...forwarded))).toBe(host);
  });

  test("is who has connected if no proxy is trusted, or the header is asked for by nobody", () => {
    expect(new TrustedProxies([]).callerHost(callFrom("10.1.2.3", "203.0.113.9"))).toBe("10.1.2.3");
    expect(connectedHost(callFrom("10.1.2.3", "203.0.113.9"))).toBe("10.1.2.3");
  });
});
