import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { formatHostPort, HOST_LENGTH_MAX, parseHostPort } from "./address.js";
import { displayText } from "./display.js";
import { isLoopbackAddress } from "./host-class.js";
import { acceptedBy, fuzz, textFrom, textOf } from "./testing/index.js";

const PARTS = ["127.0.0.1", "10.0.0.7", "::1", "[", "]", "[::1]", "[fe80::1%eth0]", "fe80::", "%", "eth0", "localhost", "peer.example", "é", "例", ".", "-", "_"];
const ENDS = [":", ":80", ":0", ":65535", ":65536", ":50051", ":00080", ":-1", ":8o", " ", "\n", "\u{202e}", "x".repeat(100)];

fuzz({
  name: "addresses",
  corpus: new URL("testdata/address.corpus.json", import.meta.url),
  valid: textFrom([...PARTS, ...ENDS, ...ENDS], 5),
  check(input) {
    const text = textOf(input);
    const address = acceptedBy(["INVALID_ARGUMENT"], () => parseHostPort(text, "the peer"));
    if (address === undefined) return;
    ok(address.host.length >= 1 && address.host.length <= HOST_LENGTH_MAX);
    ok(Number.isInteger(address.port) && address.port >= 0 && address.port <= 65_535);
    // What is accepted may be shown, put into a list with commas, a link or a command line.
    equal(displayText(text), text);
    ok(!/[\s,'"`$&|;<>/\\?#=]/.test(text), text);
    deepStrictEqual(parseHostPort(formatHostPort(address), "the peer"), address);
    equal(isLoopbackAddress(text), isLoopbackAddress(formatHostPort(address)));
  },
});
