import { expect, test } from "vitest";
import { HostConnections } from "./host-connections.js";

test("lets in as many from each address as it may, and one more when one has gone", () => {
  const connections = new HostConnections(2);
  const admit = () => ["10.0.0.7", "10.0.0.7", "10.0.0.7", "10.0.0.8"].map((host) => connections.admit(host));
  expect(admit()).toEqual([true, true, false, true]);
  connections.release("10.0.0.7");
  expect(connections.admit("10.0.0.7")).toBe(true);
  expect(connections.admit("10.0.0.7")).toBe(false);
  for (const host of ["10.0.0.7", "10.0.0.7", "10.0.0.8"]) connections.release(host);
  expect(admit()).toEqual([true, true, false, true]);
});

test("does not count this machine", () => {
  const connections = new HostConnections(1);
  for (let n = 0; n < 5; n += 1) expect(connections.admit("127.0.0.1")).toBe(true);
  connections.release("127.0.0.1");
  expect(connections.admit("::1")).toBe(true);
});

test("addresses of one IPv6 network count together", () => {
  const connections = new HostConnections(2);
  expect(["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"].map((host) => connections.admit(host))).toEqual([true, true, false, true]);
  connections.release("2001:db8::2");
  expect(connections.admit("2001:db8::4")).toBe(true);
});
