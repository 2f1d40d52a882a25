import { AssertionError } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { createTokenBucket } from "./token-bucket.js";

describe("a token bucket", () => {
  test("starts full, fills steadily, and keeps no more than a burst", () => {
    const bucket = createTokenBucket(1_000, 500);
    expect(bucket.available(10_000)).toBe(500);
    bucket.take(500, 10_000);
    expect(bucket.available(10_000)).toBe(0);
    expect(bucket.available(10_250)).toBe(250);
    expect(bucket.available(99_000)).toBe(500);
  });

  test("starts full also when the first thing is a take", () => {
    const bucket = createTokenBucket(1_000, 500);
    bucket.take(200, 7);
    expect(bucket.available(7)).toBe(300);
  });

  test("says when there will be enough", () => {
    const bucket = createTokenBucket(1_000, 500);
    bucket.take(500, 0);
    expect(bucket.availableAtMs(100, 0)).toBe(100);
    expect(bucket.availableAtMs(100, 40)).toBe(100);
    expect(bucket.availableAtMs(100, 100)).toBe(100);
    // More than the burst will never be there: then the full burst has to do.
    expect(bucket.availableAtMs(9_999, 100)).toBe(500);
  });

  test("pays off a debt", () => {
    const bucket = createTokenBucket(1_000, 500);
    bucket.take(1_500, 0);
    expect(bucket.available(0)).toBe(-1_000);
    expect(bucket.availableAtMs(1, 0)).toBe(1_001);
    expect(bucket.available(1_001)).toBe(1);
  });

  test("takes back what was not used, but keeps no more than a burst", () => {
    const bucket = createTokenBucket(1_000, 500);
    bucket.take(400, 0);
    bucket.giveBack(300);
    expect(bucket.available(0)).toBe(400);
    bucket.giveBack(300);
    expect(bucket.available(0)).toBe(500);
  });

  test("gets nothing while the clock stands still or goes back", () => {
    const bucket = createTokenBucket(1_000, 500);
    bucket.take(500, 1_000);
    expect(bucket.available(1_000)).toBe(0);
    expect(bucket.available(100)).toBe(0);
    expect(bucket.available(1_100)).toBe(100);
  });

  test.each([0.3, 7, 999.7, 33_333_333.3])("whoever waits until it says gets on, at %d bytes a second", (bytesPerSecond) => {
    const bucket = createTokenBucket(bytesPerSecond, 17);
    let nowMs = 0.1;
    for (let taken = 0; taken < 200; taken += 1) {
      let looks = 0;
      for (; bucket.available(nowMs) < 17 && looks < 10; looks += 1) nowMs = bucket.availableAtMs(17, nowMs);
      expect(looks).toBeLessThanOrEqual(2);
      bucket.take(17, nowMs);
    }
  });

  test("without a limit everything is always available", () => {
    const bucket = createTokenBucket(undefined, 1);
    bucket.take(1e12, 0);
    expect(bucket.available(0)).toBe(Number.POSITIVE_INFINITY);
    expect(bucket.availableAtMs(1e12, 5)).toBe(5);
  });

  test.each([0, -1, Number.NaN])("a limit of %d is a bug of the caller", (bytesPerSecond) => {
    expect(() => createTokenBucket(bytesPerSecond, 1)).toThrow(AssertionError);
  });
});
