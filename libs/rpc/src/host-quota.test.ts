import { expect, test } from "vitest";
import { HostQuota } from "./host-quota.js";

const ignore = (): void => {};

test("lets in as many from each address as it may, and one more when one has gone", () => {
  const quota = new HostQuota(2, ignore);
  const admit = () => ["10.0.0.7", "10.0.0.7", "10.0.0.7", "10.0.0.8"].map((host) => quota.admit(host));
  expect(admit()).toEqual([true, true, false, true]);
  quota.release("10.0.0.7");
  expect(quota.admit("10.0.0.7")).toBe(true);
  expect(quota.admit("10.0.0.7")).toBe(false);
  for (const host of ["10.0.0.7", "10.0.0.7", "10.0.0.8"]) quota.release(host);
  expect(admit()).toEqual([true, true, false, true]);
});

test("tells of the first refusal, and again only after half was free", () => {
  const told: string[] = [];
  const quota = new HostQuota(4, (host) => told.push(host));
  const fill = (): void => void Array.from({ length: 9 }, () => quota.admit("10.0.0.7"));
  fill();
  quota.release("10.0.0.7");
  fill();
  expect(told).toEqual(["10.0.0.7"]);
  quota.release("10.0.0.7");
  quota.release("10.0.0.7");
  fill();
  expect(told).toEqual(["10.0.0.7", "10.0.0.7"]);
});

test("does not count this machine", () => {
  const quota = new HostQuota(1, ignore);
  for (let n = 0; n < 5; n += 1) expect(quota.admit("127.0.0.1")).toBe(true);
  quota.release("127.0.0.1");
  expect(quota.admit("::1")).toBe(true);
});

test("addresses of one IPv6 network count together", () => {
  const quota = new HostQuota(2, ignore);
  expect(["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"].map((host) => quota.admit(host))).toEqual([true, true, false, true]);
  quota.release("2001:db8::2");
  expect(quota.admit("2001:db8::4")).toBe(true);
});
