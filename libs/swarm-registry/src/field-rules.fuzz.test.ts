import { equal, ok } from "node:assert/strict";
import { parseHostPort } from "@piecewise/base";
import { acceptedBy, fuzz, textFrom, textOf } from "@piecewise/base/testing";
import { listableAddress } from "./field-rules.js";

const PARTS = ["192.0.2.7", "0.0.0.0", "1.2.3", "300.1.1.1", "peer.example", "PEER", "-a", "a..b", "é", "x".repeat(64), "_", "."];
const BRACKETS = ["[::1]", "[::]", "[:]", "[2001:DB8::1]", "[1:2:3:4:5:6:7:8]", "[1::2::3]", "[::ffff:1.2.3.4]", "[fe80::1%eth0]", "[0:0:0:0:0:0:0:0]"];

fuzz({
  name: "an address under which a peer wants to be listed",
  corpus: new URL("testdata/advertised-address.corpus.json", import.meta.url),
  valid: textFrom([...PARTS, ...BRACKETS, ":1", ":65535", ":50051", ":0", ":65536", ":"], 3),
  check(input) {
    const listed = acceptedBy(["INVALID_ARGUMENT"], () => listableAddress(textOf(input)));
    if (listed === undefined) return;
    const { host, port } = parseHostPort(listed, "a listed peer");
    ok(port > 0);
    ok(/^[a-z0-9._:-]+$/.test(host), host);
    // "Any" is an address that one listens at, not one that can be dialled.
    ok(/[1-9a-z_-]/.test(host), host);
    equal(listableAddress(listed), listed);
  },
});
