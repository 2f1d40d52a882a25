import { describe, expect, test } from "vitest";
import { formatHostPort } from "./address.js";
import { isIpAddress } from "./ip-address.js";
import { hostClassOf, isLoopbackAddress, isLoopbackHost } from "./host-class.js";

describe("loopback", () => {
  test.each([
    "localhost",
    "LocalHost",
    "localhost.",
    "tracker.localhost",
    "127.0.0.1",
    "127.255.3.9",
    "127.1",
    "127.0.1",
    "2130706433",
    "2147483647",
    "0x7f000001",
    "0X7F.0.0.0x1",
    "017700000001",
    "0177.0.0.1",
    "１２７.0.0.1",
    "ｌｏｃａｌｈｏｓｔ",
    "::1",
    "0:0:0:0:0:0:0:1",
    "0000::0001",
    "::1%lo",
    "::ffff:127.0.0.1",
    "::FFFF:7f00:1",
  ])("%s is loopback", (host) => {
    expect(isLoopbackHost(host)).toBe(true);
    expect(isLoopbackAddress(formatHostPort({ host, port: 1 }))).toBe(true);
  });

  test.each([
    "localhost.example.org",
    "notlocalhost",
    "127.example.org",
    "128.0.0.1",
    "2130706432.1",
    "2147483648",
    "0x80000001",
    "0127.0.0.1",
    "127.0.0.0.1",
    "127.0.0.x",
    "0x7g.1",
    "10.127.0.1",
    "1",
    "0.0.0.0",
    "::",
    "::2",
    "::11",
    "::1:1",
    "fe80::1",
    "::ffff:10.0.0.1",
    "::ffff:8000:1",
  ])("%s is not", (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});

describe("the class of", () => {
  test.each([
    ["169.254.169.254", "linkLocal"],
    ["2852039166", "linkLocal"],
    ["0xa9.254.43518", "linkLocal"],
    ["::ffff:169.254.169.254", "linkLocal"],
    ["64:ff9b::a9fe:a9fe", "linkLocal"],
    ["fe80::1%eth0", "linkLocal"],
    ["febf:ffff::1", "linkLocal"],
    ["fec0::1", "other"],
    ["0.0.0.0", "unspecified"],
    ["0", "unspecified"],
    ["0.1.2.3", "unspecified"],
    ["::", "unspecified"],
    ["::ffff:0.0.0.0", "unspecified"],
    ["255.255.255.255", "unspecified"],
    ["240.0.0.1", "unspecified"],
    ["224.0.0.1", "multicast"],
    ["239.255.255.255", "multicast"],
    ["ff02::1", "multicast"],
    ["64:ff9b::7f00:1", "loopback"],
    ["169.253.1.1", "other"],
    ["10.0.0.7", "other"],
    ["2001:db8::1", "other"],
    ["1.2.3.256", "other"],
    ["1:2:3", "other"],
    ["1::2::3", "other"],
    ["metadata.example", "other"],
  ])("%s is %s", (host, hostClass) => {
    expect(hostClassOf(host)).toBe(hostClass);
  });
});

test.each([
  ["192.0.2.1", true],
  ["2852039166", true],
  ["2001:db8::1", true],
  ["fe80::1%eth0", true],
  ["::ffff:192.0.2.1", true],
  ["localhost", false],
  ["peer.example", false],
  ["1.2.3.256", false],
  ["1::2::3", false],
])("%s is an address: %j", (host, isAddress) => {
  expect(isIpAddress(host)).toBe(isAddress);
});
