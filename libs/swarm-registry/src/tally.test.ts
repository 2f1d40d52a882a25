import { expect, test } from "vitest";
import { Tally } from "./tally.js";

test("orders by frequency, then by age", () => {
  const tally = new Tally();
  for (const key of [5, 6, 7, 8, 7, 8]) tally.add(key);
  expect(tally.top(8)).toEqual([7, 8, 5, 6]);
  expect(tally.top(3)).toEqual([7, 8, 5]);
  expect(tally.top(1)).toEqual([7]);
  tally.remove(7);
  expect(tally.top(1)).toEqual([8]);
});

test("tells the first and the last of a kind", () => {
  const tally = new Tally();
  expect([tally.add(1), tally.add(1), tally.remove(1), tally.remove(1)]).toEqual([true, false, false, true]);
  expect(tally.top(8)).toEqual([]);
  expect(() => tally.remove(1)).toThrow("only what was added is removed");
});
