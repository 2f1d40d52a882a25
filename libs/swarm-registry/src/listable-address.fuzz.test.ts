import { equal, ok } from "node:assert/strict";
import { isIP } from "node:net";
import { hostClassOf, isPrivateHost, parseHostPort } from "@piecewise/base";
import { acceptedBy, fuzz, textFrom, textOf } from "@piecewise/base/testing";
import { listableAddress } from "./listable-address.js";

const PARTS = ["192.0.2.7", "0.0.0.0", "1.2.3", "300.1.1.1", "peer.example", "10.9.9.9", "127.0.0.1", "169.254.1.1", "010.0.0.1", "224.0.0.1", "-a", "a..b", "é", "x".repeat(64), "_", "."];
const BRACKETS = ["[::1]", "[::]", "[:]", "[2001:DB8::1]", "[1:2:3:4:5:6:7:8]", "[1::2::3]", "[::ffff:1.2.3.4]", "[fe80::1%eth0]", "[fd00::1]", "[::ffff:a00:1]"];

fuzz({
  name: "an address under which a peer wants to be listed",
  corpus: new URL("testdata/advertised-address.corpus.json", import.meta.url),
  valid: textFrom([...PARTS, ...BRACKETS, ":1", ":65535", ":50051", ":0", ":65536", ":"], 3),
  check(input) {
    for (const observedHost of ["203.0.113.1", "10.0.0.1", "127.0.0.1"]) {
      const listed = acceptedBy(["INVALID_ARGUMENT"], () => listableAddress(textOf(input), observedHost));
      if (listed === undefined) continue;
      const { host, port } = parseHostPort(listed, "a listed peer");
      ok(port > 0);
      ok(isIP(host) !== 0, host);
      ok(["other", hostClassOf(observedHost)].includes(hostClassOf(host)), host);
      ok(!isPrivateHost(host) || isPrivateHost(observedHost), host);
      equal(listableAddress(listed, observedHost), listed);
    }
  },
});
