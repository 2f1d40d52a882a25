import { expect, test } from "vitest";
import { RateMeter } from "./rate-meter.js";
import { SourceRate } from "./source-rate.js";

test("the meter shows the last five seconds", () => {
  const meter = new RateMeter();
  expect(meter.bytesPerSecond(1000)).toBe(0);
  for (let ms = 1000; ms < 3000; ms += 100) meter.add(100, ms);
  expect(meter.bytesPerSecond(3000)).toBeCloseTo(1000, 0);
  for (let ms = 3000; ms < 20_000; ms += 100) meter.add(500, ms);
  expect(meter.bytesPerSecond(19_999)).toBeCloseTo(5000, -2);
  expect(meter.bytesPerSecond(30_000)).toBe(0);
});

test("a source is measured only while it is asked for something", () => {
  const rate = new SourceRate();
  expect(rate.measured).toBeUndefined();
  rate.begin(0);
  rate.add(1000, 500);
  rate.end(500);
  expect(rate.measured).toBe(2000);
  rate.begin(60_000);
  rate.add(1000, 60_500);
  rate.end(60_500);
  expect(rate.measured).toBe(2000);
});

test("less is expected of a source that has become silent, but a chunk may be on its way", () => {
  const rate = new SourceRate();
  rate.begin(0);
  rate.add(1000, 1000);
  expect(rate.expected(1900)).toBe(1000);
  expect(rate.expected(5000)).toBe(250);
  rate.end(5000);
  expect(rate.expected(50_000)).toBe(rate.measured);
});
