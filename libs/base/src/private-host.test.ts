import { expect, test } from "vitest";
import { isPrivateHost } from "./private-host.js";

test.each([
  "10.0.0.0",
  "10.255.255.255",
  "172.16.0.0",
  "172.31.255.255",
  "192.168.0.1",
  "100.64.0.1",
  "100.127.255.255",
  "0xa.1",
  "012.0.0.1",
  "::ffff:10.0.0.1",
  "::FFFF:a00:1",
  "64:ff9b::c0a8:1",
  "fc00::",
  "FDff:ffff::1",
  "fec0::1",
])("%s is private", (host) => {
  expect(isPrivateHost(host)).toBe(true);
});

test.each([
  "9.255.255.255",
  "11.0.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.255.255",
  "192.169.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "127.0.0.1",
  "169.254.0.1",
  "::ffff:11.0.0.1",
  "64:ff9b:1::a00:1",
  "::a00:1",
  "fbff::1",
  "fe00::1",
  "fe80::1",
  "ff02::1",
  "2001:db8::1",
  "ten.example",
])("%s is not", (host) => {
  expect(isPrivateHost(host)).toBe(false);
});
