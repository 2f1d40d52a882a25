import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { displayText } from "@piecewise/base";
import { acceptedBy, bytesOf, fuzz, textFrom, textOf } from "@piecewise/base/testing";
import * as fc from "fast-check";
import { checkContentName } from "./content-name.js";
import { formatLink, isLink, LINK_PEERS_MAX, LINK_TRACKERS_MAX, parseLink } from "./link.js";

const CONTENT_ID = `sha256:${"0123456789abcdef".repeat(4)}`;
const PARTS = ["?", "&", "=", "name=", "tracker=", "peer=", "peer", "film.mkv", "10.0.0.7:4000", "[::1]:1", "[fe80::1%25eth0]:9", "localhost:0", "é.example:5"];
const SIGNS = ["%41", "%", "%2", "%zz", "%00", "%0A", "%2F", "%5C", "%C3%A9", "%ED%A0%80", "%EF%BB%BF", "%E2%80%AE", "..", "'", '"', "`", "$(x)", " ", "+", "#", "later=1"];
const anything = textFrom([...PARTS, ...PARTS, ...SIGNS], 12).map(textOf);
const parameter = fc.oneof(
  fc.constantFrom("name=film.mkv", "name=%C3%A9", "name=a%20b'", "later=1"),
  fc.constantFrom("10.0.0.7:4000", "[::1]:1", "[fe80::1%25eth0]:9", "é.example:5", "xn--a:65535").map((address) => `peer=${address}`),
  fc.constantFrom("10.0.0.8:50051", "localhost:50051").map((address) => `tracker=${address}`),
);
const parameters = fc.oneof({ weight: 3, arbitrary: fc.array(parameter, { maxLength: 5 }).map((list) => list.join("&")) }, { weight: 1, arbitrary: anything });
const valid = fc
  .tuple(fc.constantFrom("piecewise:", "piecewise:", "Piecewise:"), fc.constantFrom(CONTENT_ID, CONTENT_ID, CONTENT_ID, CONTENT_ID.slice(0, 30)), parameters)
  .map(([scheme, contentId, rest]) => bytesOf(`${scheme}${contentId}?${rest}`));

fuzz({
  name: "links",
  corpus: new URL("testdata/link.corpus.json", import.meta.url),
  valid,
  check(input) {
    const text = textOf(input);
    const link = acceptedBy(["LINK_INVALID"], () => parseLink(text));
    if (link === undefined) return;
    ok(isLink(text));
    ok(link.trackers.length <= LINK_TRACKERS_MAX && link.peers.length <= LINK_PEERS_MAX);
    ok(link.name === undefined || checkContentName(link.name) === undefined);
    for (const address of [...link.trackers, ...link.peers]) equal(displayText(address), address);
    const written = formatLink(link);
    deepStrictEqual(parseLink(written), link);
    equal(formatLink(parseLink(written)), written);
    // It is pasted into shells, chats and terminals, mostly in single quotes.
    ok(/^piecewise:sha256:[0-9a-f]{64}(\?[\w\-.~%:[\]=&]*)?$/.test(written), written);
  },
});
