import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HOST_LENGTH_MAX, formatHostPort, parseHostPort } from "./address.js";
import { UsageError } from "./errors.js";

describe("parseHostPort", () => {
  test.each([
    ["127.0.0.1:50051", "127.0.0.1", 50051],
    ["tracker.example.org:1", "tracker.example.org", 1],
    ["my_host-2:0", "my_host-2", 0],
    ["máy-chủ:65535", "máy-chủ", 65535],
    ["[::1]:50051", "::1", 50051],
    ["[fe80::1%eth0]:7", "fe80::1%eth0", 7],
    ["[::ffff:10.0.0.1]:7", "::ffff:10.0.0.1", 7],
  ])("%s", (text, host, port) => {
    expect(parseHostPort(text, "the tracker")).toEqual({ host, port });
    expect(formatHostPort({ host, port })).toBe(text);
  });

  test.each([
    ["nothing", ""],
    ["no port", "localhost"],
    ["an empty port", "localhost:"],
    ["an empty host", ":50051"],
    ["a port that is too large", "localhost:65536"],
    ["a port of many digits", "localhost:000080"],
    ["a negative port", "localhost:-1"],
    ["IPv6 without brackets", "::1:50051"],
    ["brackets around a name", "[localhost]:50051"],
    ["brackets that do not close", "[::1:50051"],
    ["a URL", "http://localhost:50051"],
    ["a user", "me@localhost:50051"],
    ["white space", "local host:50051"],
    ["a line break at the end", "localhost:50051\n"],
    ["a quote", "a'b:50051"],
    ["a control character", "a\u001b[2Jb:50051"],
    ["a direction mark", "a\u202eb:50051"],
    ["a host that is too long", `${"a".repeat(HOST_LENGTH_MAX + 1)}:50051`],
  ])("refuses %s", (_, text) => {
    expect(() => parseHostPort(text, "the tracker")).toThrow(UsageError);
    expect(() => parseHostPort(text, "the tracker")).toThrow(/^the tracker ".*" is not HOST:PORT, such as/);
  });

  test("the message is short and holds no control character", () => {
    const text = `\u001b[2J${"x".repeat(1_000_000)}`;
    expect(() => parseHostPort(text, "the peer")).toThrow(/^the peer "\\u\{1b\}\[2J.{1,260}…" is not HOST:PORT[^\n]*$/);
  });

  test("reads back what it wrote", () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(fc.record({ host, port: fc.nat(65_535) }), (address) => {
        expect(parseHostPort(formatHostPort(address), "it")).toEqual(address);
      }),
    );
  });
});
