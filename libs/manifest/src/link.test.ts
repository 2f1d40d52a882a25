import { isDeepStrictEqual } from "node:util";
import { type ContentId, PiecewiseError, UsageError, formatHostPort } from "@piecewise/base";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LINK_LENGTH_MAX, LINK_PEERS_MAX, LINK_TRACKERS_MAX, type Link, formatLink, isLink, parseLink } from "./link.js";

const ID = `sha256:${"0123456789abcdef".repeat(4)}` as ContentId;

describe("links", () => {
  test.each<[string, Link, string]>([
    ["only an id", { contentId: ID, name: undefined, trackers: [], peers: [] }, `piecewise:${ID}`],
    [
      "everything",
      { contentId: ID, name: "báo cáo #1.pdf", trackers: ["tracker.example.org:50051", "[::1]:1"], peers: ["10.0.0.7:4000"] },
      `piecewise:${ID}?name=b%C3%A1o%20c%C3%A1o%20%231.pdf&tracker=tracker.example.org:50051&tracker=[::1]:1&peer=10.0.0.7:4000`,
    ],
    [
      "a name full of signs",
      { contentId: ID, name: "it's (a) \"b\" !*&?=%+;$`|<>~", trackers: [], peers: [] },
      `piecewise:${ID}?name=it%27s%20%28a%29%20%22b%22%20%21%2A%26%3F%3D%25%2B%3B%24%60%7C%3C%3E~`,
    ],
    [
      "an address with a zone",
      { contentId: ID, name: undefined, trackers: [], peers: ["[fe80::1%eth0]:9"] },
      `piecewise:${ID}?peer=[fe80::1%25eth0]:9`,
    ],
  ])("%s", (_, link, text) => {
    expect(formatLink(link)).toBe(text);
    expect(parseLink(text)).toEqual(link);
    expect(isLink(text)).toBe(true);
  });

  test("every legal link comes back and can stand in single quotes", () => {
    const host = fc.oneof(fc.ipV4(), fc.domain(), fc.ipV6());
    const address = fc.record({ host, port: fc.integer({ min: 1, max: 65_535 }) }).map(formatHostPort);
    const addresses = (maxLength: number) => fc.array(address, { maxLength });
    const name = fc.string({ unit: "binary", minLength: 1, maxLength: 60 }).filter((text) => !/[\p{Cc}\p{Cs}/\\\ufeff]|^\.{1,2}$/u.test(text));
    fc.assert(
      fc.property(fc.option(name, { nil: undefined }), addresses(LINK_TRACKERS_MAX), addresses(LINK_PEERS_MAX), (given, trackers, peers) => {
        const link = { contentId: ID, name: given, trackers, peers };
        const text = formatLink(link);
        expect(text).toMatch(/^[\w.~:[\]?&=%-]+$/);
        expect(parseLink(text)).toEqual(link);
      }),
    );
  });

  test("what later versions add is ignored, also if it is strange", () => {
    const text = `piecewise:${ID}?v=2&&x&name=a%2Bb+c&y=%ZZ&tracker=t:1&NAME=z&=`;
    expect(parseLink(text)).toEqual({ contentId: ID, name: "a+b+c", trackers: ["t:1"], peers: [] });
    expect(parseLink(`piecewise:${ID}?`)).toEqual({ contentId: ID, name: undefined, trackers: [], peers: [] });
  });

  test("the scheme may be written in capitals, as in every URI", () => {
    expect(isLink(`PieceWise:${ID}`)).toBe(true);
    expect(parseLink(`PieceWise:${ID}`).contentId).toBe(ID);
  });

  test.each(["", "piecewise", "report.pdf", ID, `https://x/piecewise:${ID}`])("%j is no link", (text) => {
    expect(isLink(text)).toBe(false);
    expect(() => parseLink(text)).toThrow(/it does not begin with "piecewise:"/);
  });

  test.each([
    ["no id", "piecewise:", /not "sha256:" and 64 lower-case hex digits/],
    ["another hash", `piecewise:md5:${"0".repeat(32)}`, /not "sha256:" and 64/],
    ["upper-case digits", `piecewise:${ID.replaceAll("a", "A")}`, /not "sha256:" and 64 lower-case/],
    ["white space", `piecewise:${ID} `, /not "sha256:" and 64/],
    ["half an id", `piecewise:${ID.slice(0, 40)}`, /has 33 of 64 hex digits; it looks cut off, copy all of it/],
    ["too long an id", `piecewise:${ID}0?name=x`, /has 65 of 64 hex digits; it is too long/],
    ["half an escape", `piecewise:${ID}?name=b%C3%A1o%2`, /"name" is not percent-encoded UTF-8; it looks cut off/],
    ["an escape that is not UTF-8", `piecewise:${ID}?name=%FF`, /"name" is not percent-encoded UTF-8/],
    ["a parameter without a value", `piecewise:${ID}?name=x&tracker`, /"tracker" has no value; it looks cut off/],
    ["half an address", `piecewise:${ID}?tracker=127.0.0.1`, /the tracker "127\.0\.0\.1" is not HOST:PORT/],
    ["an address of control characters", `piecewise:${ID}?peer=%1b%5b2J:1`, /the peer "\\u\{1b\}\[2J:1" is not HOST:PORT/],
    ["an address that is a URL", `piecewise:${ID}?tracker=http://x:1`, /the tracker "http:\/\/x:1" is not/],
    ["port 0", `piecewise:${ID}?peer=10.0.0.1:0`, /the peer "10\.0\.0\.1:0" has port 0/],
    ["two names", `piecewise:${ID}?name=a&name=b`, /more than one name/],
    ["an empty name", `piecewise:${ID}?name=`, /the name cannot be used: it is empty/],
    ["a name that is a path", `piecewise:${ID}?name=..%2F..%2Fa`, /the name cannot be used: it contains a slash/],
    ["a name with an escape sequence", `piecewise:${ID}?name=%1b[2J`, /the name cannot be used: it contains a control character/],
    ["too many trackers", `piecewise:${ID}?${"tracker=t:1&".repeat(LINK_TRACKERS_MAX + 1)}`, /17 trackers, more than 16/],
    ["too many peers", `piecewise:${ID}?${"peer=t:1&".repeat(LINK_PEERS_MAX + 1)}`, /65 peers, more than 64/],
    ["too long", `piecewise:${ID}?x=${"y".repeat(LINK_LENGTH_MAX)}`, /\d+ characters, more than 65536/],
  ])("refused: %s", (_, text, message) => {
    expect(() => parseLink(text)).toThrow(UsageError);
    expect(() => parseLink(text)).toThrow(message);
    expect(() => parseLink(text)).toThrow(expect.objectContaining({ code: "LINK_INVALID" }));
    expect(() => parseLink(text)).toThrow(/^this is not a usable link: [^\p{Cc}]+$/u);
  });

  test("the cause of a bad address is kept", () => {
    expect(() => parseLink(`piecewise:${ID}?peer=x`)).toThrow(expect.objectContaining({ cause: expect.any(PiecewiseError) }));
  });

  test.each<[string, Partial<Link>]>([
    ["a name that cannot be used", { name: "a/b" }],
    ["too many trackers", { trackers: Array.from({ length: LINK_TRACKERS_MAX + 1 }, () => "t:1") }],
    ["an address that is none", { peers: ["x"] }],
    ["more characters than are read", { peers: Array.from({ length: LINK_PEERS_MAX }, () => `${"é".repeat(250)}:1`) }],
  ])("formatLink refuses what parseLink would refuse: %s", (_, change) => {
    expect(() => formatLink({ contentId: ID, trackers: [], peers: [], ...change })).toThrow(expect.objectContaining({ code: "LINK_INVALID" }));
  });

  test("any other text is refused in the same way, or understood", () => {
    const text = fc.string({ unit: fc.constantFrom("?", "&", "=", "%", "name", "peer", "tracker", "sha256:", "a", "1", ":"), maxLength: 20 });
    fc.assert(
      fc.property(fc.constantFrom("", ID, `${ID}?`), text, (start, rest) => {
        const parsed = tryParse(`piecewise:${start}${rest}`);
        expect(parsed === undefined || isDeepStrictEqual(parseLink(formatLink(parsed)), parsed)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

function tryParse(text: string): Link | undefined {
  try {
    return parseLink(text);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
