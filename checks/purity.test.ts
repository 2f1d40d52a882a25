import { describe, expect, test } from "vitest";
import { purityViolations } from "./purity.js";
import { isShippedFile, readProjects } from "./workspace.js";

test("the brains neither wait, nor read a clock, nor draw unseeded numbers", () => {
  const cores = readProjects().filter(({ tags }) => tags.includes("layer:core") || tags.includes("layer:base"));
  const files = cores.flatMap((project) => project.files.filter(isShippedFile));
  expect(cores.length).toBeGreaterThan(3);
  expect(files.length).toBeGreaterThan(20);
  expect(files.flatMap(purityViolations)).toEqual([]);
});

describe("the check itself", () => {
  test.each(["Date.now()", "new Date()", "Math.random()", "async () => {}", "await f()", "let p: Promise<void>;", "setTimeout(f, 1)", 'import "node:fs";'])(
    "finds %s",
    (text) => {
      expect(purityViolations({ path: "a.ts", text: `const one = 1;\n${text}` })).toHaveLength(1);
    },
  );

  test("leaves comments, strings and longer words alone", () => {
    const text = '// await\nconst updateDates = "Date"; /** A Promise */ const asynchronous = "async";';
    expect(purityViolations({ path: "a.ts", text })).toEqual([]);
  });
});
