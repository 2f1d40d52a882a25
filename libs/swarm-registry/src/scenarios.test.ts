import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runScenario } from "./testing/scenario.js";

const folder = new URL("../scenarios/", import.meta.url);

describe("the scenarios in scenarios/ happen as written", () => {
  test.each(readdirSync(folder))("%s", (file) => {
    const text = readFileSync(new URL(file, folder), "utf8");
    expect(runScenario(text)).toBe(text);
  });
});
