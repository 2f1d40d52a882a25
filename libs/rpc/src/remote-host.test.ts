import { expect, test } from "vitest";
import { plainHost, remoteHostOf } from "./remote-host.js";

test.each([
  ["127.0.0.1:50051", "127.0.0.1"],
  ["::ffff:10.0.0.7:50051", "10.0.0.7"],
  ["::FFFF:10.0.0.7:50051", "10.0.0.7"],
  ["::1:50051", "::1"],
  ["2001:db8::5:443:50051", "2001:db8::5:443"],
  ["fe80::1%eth0:50051", "fe80::1%eth0"],
  ["unknown", "unknown"],
])("a call from %s comes from %s", (peer, host) => {
  expect(remoteHostOf(peer)).toBe(host);
});

test("an address that only looks mapped stays as it is", () => {
  expect(plainHost("::ffff:0:1")).toBe("::ffff:0:1");
});
