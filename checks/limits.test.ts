import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { limitsOf, limitViolations } from "./limits.js";
import { isShippedFile, readSources, ROOT } from "./workspace.js";

test("docs/LIMITS.md lists every exported maximum, with its value, and no other", () => {
  const limits = ["libs", "apps"].flatMap(readSources).filter(isShippedFile).flatMap(limitsOf);
  expect(limits.length).toBeGreaterThan(20);
  expect(limitViolations(limits, readFileSync(join(ROOT, "docs/LIMITS.md"), "utf8"))).toEqual([]);
});

const row = (value: string, path: string, effect: string): string => `| \`QUEUE_MAX\` | \`${value}\` | \`${path}\` | ${effect} |`;

describe("the check itself", () => {
  const text = `
    // export const COMMENT_MAX = 1;
    const INTERNAL_MAX = 2;
export const QUEUE_MAX = 256;
export const RETRY_MAX_MS: number = 30 *
  1000;
export const MAXIMAL = 1;
export const SOME_LIMITS: Limits = {
  // Why.
  peersMax: 5,
  graceMs: 10,
};`;

  test("finds constants and members", () => {
    expect(limitsOf({ path: "a.ts", text }).map(({ name, value }) => `${name}=${value}`)).toEqual([
      "QUEUE_MAX=256",
      "RETRY_MAX_MS=30 * 1000",
      "SOME_LIMITS.peersMax=5",
    ]);
  });

  test("compares them with the document", () => {
    const limits = [{ name: "QUEUE_MAX", path: "a.ts", value: "256" }];
    expect(limitViolations(limits, row("256", "a.ts", "Refused."))).toEqual([]);
    expect(limitViolations(limits, "")).toEqual([`missing: ${row("256", "a.ts", "…")}`]);
    expect(limitViolations(limits, row("255", "a.ts", "Refused."))).toEqual(["wrong value: QUEUE_MAX in a.ts is 256"]);
    expect(limitViolations(limits, row("256", "a.ts", "…"))).toEqual(["does not say what happens: QUEUE_MAX"]);
    expect(limitViolations([], row("256", "a.ts", "Refused."))).toEqual(["no longer there: QUEUE_MAX in a.ts"]);
  });
});
