import { expect, test, vi } from "vitest";
import { simulateMany } from "./simulate-many.js";

test("goes on with the next seed until time is up, and fails if a run did", () => {
  const said: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => said.push(line));
  // Every look at the clock takes twenty seconds: one to begin with, and one before each run.
  let nowMs = 0;
  expect(simulateMany(["--minutes", "1"], () => 17, () => (nowMs += 20_000))).toBe(0);
  log.mockRestore();
  expect(said).toEqual(["2 runs, 0 failed"]);
});
