import { expect, test } from "vitest";
import { isWorthTakingOver } from "./take-over.js";

test("a request is taken over by a source that would have served it in half the time, and never at once", () => {
  expect(isWorthTakingOver(1_000, 400, 100)).toBe(true);
  expect(isWorthTakingOver(999, 400, 100)).toBe(false);
  expect(isWorthTakingOver(99, 0, 0)).toBe(false);
});
