import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "./errors.js";
import { GIB, KIB, MIB, formatBytes, parseBytes } from "./units.js";

describe("parseBytes", () => {
  test.each([
    ["0", 0],
    ["262144", 262_144],
    ["256K", 256 * KIB],
    ["256k", 256 * KIB],
    [" 256 KiB ", 256 * KIB],
    ["1.5M", 1.5 * MIB],
    ["2G", 2 * GIB],
    ["1TB", 1024 * GIB],
    ["1.3M", 1_363_149],
    ["7B", 7],
  ])("%s", (text, bytes) => {
    expect(parseBytes(text, "--piece-length")).toBe(bytes);
  });

  test.each(["", "K", "-1", "+1", "1e6", "0x10", "1.2.3", ".5K", "0.3", "1P", "one", "1 2", "9999999T", "Infinity", "NaN"])("refuses %j", (text) => {
    expect(() => parseBytes(text, "--piece-length")).toThrow(
      new UsageError("INVALID_ARGUMENT", `--piece-length "${text}" is not a size: give bytes or a number with K, M or G, such as 256K`),
    );
  });
});

describe("formatBytes", () => {
  test.each([
    [0, "0 B"],
    [1, "1 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [10 * KIB + 512, "10.5 KiB"],
    [256 * KIB, "256 KiB"],
    [MIB - 1, "1 MiB"],
    [1023.7, "1 KiB"],
    [GIB - 1, "1 GiB"],
    [4.25 * GIB, "4.25 GiB"],
    [Number.MAX_SAFE_INTEGER, "8 PiB"],
  ])("%d is %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test("is never off by more than the digits that it leaves out", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 53 - 1 }), (bytes) => {
        const shown = formatBytes(bytes);
        expect(shown).toMatch(/^\d{1,4}(\.\d{1,2})? ([KMGTP]i)?B$/);
        const [number, unit] = shown.split(" ");
        const value = Number(number) * 1024 ** ["B", "KiB", "MiB", "GiB", "TiB", "PiB"].indexOf(unit!);
        expect(Math.abs(value - bytes)).toBeLessThanOrEqual(bytes * 0.006);
      }),
    );
  });
});
