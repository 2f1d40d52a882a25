import { describe, expect, test } from "vitest";
import { AssertionError, assert, unreachable } from "./assert.js";
import { PiecewiseError } from "./errors.js";

describe("assert", () => {
  test("says nothing when the condition holds", () => {
    expect(() => assert(true, "fine")).not.toThrow();
  });

  test.each([false, 0, "", undefined, null])("throws for %s", (condition) => {
    expect(() => assert(condition, "two and two make four")).toThrow(new AssertionError("two and two make four"));
  });

  test("a bug is not an error that anybody handles", () => {
    expect(new AssertionError("a bug")).not.toBeInstanceOf(PiecewiseError);
    expect(new AssertionError("a bug").name).toBe("AssertionError");
  });
});

test("unreachable names the value", () => {
  expect(() => unreachable("triangle" as never)).toThrow(new AssertionError("unreachable: triangle"));
});
