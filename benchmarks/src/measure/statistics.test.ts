import { expect, test } from "vitest";
import { median, medianRatio } from "./statistics.js";

test("the median is the middle value, or the mean of the two in the middle", () => {
  expect(median([3, 1, 20])).toBe(3);
  expect(median([4, 1, 2, 30])).toBe(3);
  expect(median([7])).toBe(7);
  expect(median([])).toBeUndefined();
});

test("ratios are taken round by round, so that a slow round does not count", () => {
  expect(medianRatio([1, 10, 1.2], [2, 20, 2])).toBe(0.5);
});

test("a round that only one of them has does not count", () => {
  expect(medianRatio([1, 5, 3], [2, undefined, 4])).toBe(0.625);
  expect(medianRatio([undefined], [1])).toBeUndefined();
});
