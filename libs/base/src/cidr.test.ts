import { describe, expect, test } from "vitest";
import { parseCidr } from "./cidr.js";

describe("parseCidr", () => {
  test.each([
    ["10.0.0.0/8", "ipv4", "10.0.0.0", 8],
    ["192.0.2.7/32", "ipv4", "192.0.2.7", 32],
    ["0.0.0.0/0", "ipv4", "0.0.0.0", 0],
    ["fd00::/8", "ipv6", "fd00::", 8],
    ["2001:DB8::1/128", "ipv6", "2001:DB8::1", 128],
    ["::/0", "ipv6", "::", 0],
  ])("%s", (text, family, address, prefixLength) => {
    expect(parseCidr(text, "--trusted-proxy")).toEqual({ family, address, prefixLength });
  });

  test.each([
    "",
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "10.0.0.0./8",
    "10.0.0.256/8",
    "010.0.0.1/8",
    "0x0a.0.0.0/8",
    "fd00::/129",
    "fd00/8",
    "1::2::3/8",
    "::ffff:10.0.0.1/128",
    "fe80::1%eth0/64",
    "[fd00::]/8",
    "proxy.example/8",
    "10.0.0.0/8\n",
    " 10.0.0.0/8",
    "10.0.0.0/8,10.0.0.0/8",
    "\u001b[2J/8",
  ])("refuses %j", (text) => {
    expect(() => parseCidr(text, "--trusted-proxy")).toThrow(/^--trusted-proxy "[^\n]*" is not a network such as 10\.0\.0\.0\/8 or fd00::\/8/);
  });

  test("the message is short and holds no control character", () => {
    expect(() => parseCidr(`\u001b${"9".repeat(1_000)}`, "it")).toThrow(/^it "\\u\{1b\}9{79}…" is not/);
  });
});
