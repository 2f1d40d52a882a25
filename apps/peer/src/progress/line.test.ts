import { expect, test } from "vitest";
import { formatDuration } from "./duration.js";
import { formatBarLine, formatPlainLine } from "./line.js";

const line = { fraction: 0.5, parts: ["downloading", "1.5 MiB of 3 MiB", "1 MiB/s", "ETA 2s", "2 peers"] };

const barOf = (fraction: number) => /^\[(.*)\]/.exec(formatBarLine({ fraction, parts: ["x"] }, 80))![1];

test.each([
  [100, "[==================>                 ]  downloading  50%  1.5 MiB of 3 MiB  1 MiB/s  ETA 2s  2 peers"],
  [72, "[====>   ]  downloading  50%  1.5 MiB of 3 MiB  1 MiB/s  ETA 2s  2 peers"],
  [71, "downloading  50%  1.5 MiB of 3 MiB  1 MiB/s  ETA 2s  2 peers"],
  [48, "downloading  50%  1.5 MiB of 3 MiB  1 MiB/s"],
  [16, "downloading  50%"],
  [5, "downl"],
  [0, ""],
])("in %i columns", (width, text) => {
  const formatted = formatBarLine(line, width);
  expect(formatted.length).toBeLessThanOrEqual(width);
  expect(formatted).toBe(text);
});

test("the bar is full only when all is done", () => {
  expect(barOf(1)).toBe("=".repeat(38));
  expect(barOf(0.9999)).toBe(`${"=".repeat(37)}>`);
  expect(barOf(0)).toBe(`>${" ".repeat(37)}`);
  expect(formatPlainLine({ fraction: 0.9999, parts: ["x"] })).toBe("x  99%");
});

test("without a whole there is neither bar nor percentage", () => {
  expect(formatBarLine({ fraction: undefined, parts: ["looking for peers"] }, 80)).toBe("looking for peers");
  expect(formatPlainLine({ fraction: undefined, parts: ["looking for peers"] })).toBe("looking for peers");
});

test.each([
  [0, "0s"],
  [1, "1s"],
  [59_000, "59s"],
  [59_001, "1m00s"],
  [185_000, "3m05s"],
  [7_620_000, "2h07m"],
  [273_600_000, "3d04h"],
])("%i ms is %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
