import { AssertionError, CancelledError, createError, ERROR_CODES, type ErrorCode } from "@piecewise/base";
import { expect, test } from "vitest";
import { exitCodeOf } from "./exit-code.js";

test.each([
  ["INVALID_ARGUMENT", 2],
  ["OUTPUT_EXISTS", 2],
  ["TRACKER_UNREACHABLE", 3],
  ["PIECE_DAMAGED", 4],
  ["DISK_FULL", 5],
  ["CONTENT_NOT_FOUND", 6],
  ["NAME_AMBIGUOUS", 7],
  ["NO_PEERS", 8],
  ["CANCELLED", 130],
] as const)("%s ends with %i", (code, exitCode) => {
  expect(exitCodeOf(createError(code, "x"))).toBe(exitCode);
});

test("what is no error of ours is a bug, and no error ends with 0 or 1", () => {
  expect(exitCodeOf(new AssertionError("x"))).toBe(1);
  expect(exitCodeOf("x")).toBe(1);
  expect(exitCodeOf(new CancelledError())).toBe(130);
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) expect(exitCodeOf(createError(code, "x"))).toBeGreaterThan(1);
});
