import { createPrng } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { drawShuffled, selectPeers } from "./peer-selection.js";

const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

describe("drawShuffled", () => {
  test("yields every item once and leaves the list alone", () => {
    const items = Object.freeze(numbers(0, 100));
    const drawn = [...drawShuffled(items, createPrng(1))];
    expect(drawn).not.toEqual(items);
    expect(drawn.toSorted((a, b) => a - b)).toEqual(items);
  });

  test("yields each of the six orders of three items about equally often", () => {
    const prng = createPrng(7);
    const counts = new Map<string, number>();
    for (let round = 0; round < 6_000; round += 1) {
      const order = [...drawShuffled([1, 2, 3], prng)].join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});

describe("selectPeers", () => {
  test("is fair: over many samples every holder is returned about equally often", () => {
    const prng = createPrng(3);
    const pool = { holders: numbers(0, 200), others: numbers(1_000, 50) };
    const counts = new Map<number, number>();
    for (let round = 0; round < 2_000; round += 1) {
      for (const member of selectPeers(pool, 50, prng, (drawn) => drawn)) counts.set(member, (counts.get(member) ?? 0) + 1);
    }
    expect(counts.size).toBe(200);
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(125);
  });

  test("fills up with those who hold nothing, and mixes them in", () => {
    const prng = createPrng(4);
    const pool = { holders: numbers(0, 3), others: numbers(1_000, 100) };
    const first = new Set<boolean>();
    for (let round = 0; round < 50; round += 1) {
      const selected = selectPeers(pool, 6, prng, (drawn) => drawn);
      expect(selected.filter((member) => member < 3).toSorted()).toEqual([0, 1, 2]);
      expect(selected).toHaveLength(6);
      first.add(selected[0]! < 3);
    }
    expect(first).toEqual(new Set([true, false]));
  });

  test("draws another one for each that is not accepted", () => {
    const selected = selectPeers({ holders: numbers(0, 10), others: [] }, 5, createPrng(5), (drawn) =>
      drawn % 2 === 0 ? drawn : undefined,
    );
    expect(selected.toSorted()).toEqual([0, 2, 4, 6, 8]);
  });

  test("has nothing to return for no places or no members", () => {
    expect(selectPeers({ holders: [1], others: [2] }, 0, createPrng(1), (drawn) => drawn)).toEqual([]);
    expect(selectPeers({ holders: [], others: [] }, 5, createPrng(1), (drawn) => drawn)).toEqual([]);
  });
});
