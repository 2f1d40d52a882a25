import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPrng } from "./prng.js";

const take = (seed: number, count: number): number[] => {
  const prng = createPrng(seed);
  return Array.from({ length: count }, () => prng.nextUint32());
};

describe("createPrng", () => {
  test("gives the known sequence, on every platform", () => {
    expect(take(1, 3)).toEqual([2_693_262_067, 11_749_833, 2_265_367_787]);
  });

  test("the same seed gives the same sequence, another seed another one", () => {
    expect(take(42, 20)).toEqual(take(42, 20));
    expect(take(42, 20)).not.toEqual(take(43, 20));
  });

  test("below stays in range and reaches every value", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 0x1_0000_0000 }), (seed, limit) => {
        const value = createPrng(seed).below(limit);
        expect(Number.isInteger(value) && value >= 0 && value < limit).toBe(true);
      }),
    );
    const prng = createPrng(7);
    expect(new Set(Array.from({ length: 200 }, () => prng.below(6))).size).toBe(6);
  });

  test("shuffle keeps the items and works in place", () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer()), (seed, items) => {
        const shuffled = [...items];
        expect(createPrng(seed).shuffle(shuffled)).toBe(shuffled);
        expect(shuffled.toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b));
      }),
    );
  });

  test("shuffle gives every order about as often", () => {
    const prng = createPrng(3);
    const seen = new Map<string, number>();
    for (let i = 0; i < 6_000; i += 1) {
      const order = prng.shuffle(["a", "b", "c"]).join("");
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    for (const count of seen.values()) expect(count).toBeGreaterThan(850);
    for (const count of seen.values()) expect(count).toBeLessThan(1_150);
  });
});
