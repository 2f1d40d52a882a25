import { Bitfield, createPrng } from "@piecewise/base";
import { array, assert, constantFrom, nat, property, record, uniqueArray } from "fast-check";
import { describe, expect, test } from "vitest";
import { Availability } from "./availability.js";
import { type DownloadPolicies, SHIPPING_POLICIES } from "./policies.js";

const PIECES = 12;

const RANKS: readonly (readonly [string, DownloadPolicies["rankOf"]])[] = [
  ["rarest first", SHIPPING_POLICIES.rankOf],
  ["in order", (piece) => piece + 1],
  ["any", () => 1],
];

describe("availability", () => {
  test.each(RANKS)("always finds what a search through all pieces would find, %s", (_name, rankOf) => {
    const step = record({ piece: nat(PIECES - 1), action: constantFrom("add", "remove", "more", "less", "full", "notFull") });
    assert(
      property(array(step, { maxLength: 200 }), uniqueArray(nat(PIECES - 1)), (steps, offered) => {
        const availability = new Availability(PIECES, createPrng(1), rankOf);
        const missing = new Set<number>();
        const counts = Array.from({ length: PIECES }, () => 0);
        let full = 0;
        for (const { piece, action } of steps) {
          if (action === "add") {
            availability.add(piece);
            missing.add(piece);
          } else if (action === "remove") {
            availability.remove(piece);
            missing.delete(piece);
          } else if (action === "more" || (action === "less" && counts[piece]! > 0)) {
            const by = action === "more" ? 1 : -1;
            availability.change(piece, by);
            counts[piece]! += by;
          } else if (action !== "less") {
            full = Math.max(0, full + (action === "full" ? 1 : -1));
            availability.fullSources = full;
          }
        }
        expect(availability.count).toBe(missing.size);
        expect(availability.offeredCount).toBe([...missing].filter((piece) => counts[piece]! + full > 0).length);
        for (let piece = 0; piece < PIECES; piece += 1) {
          expect(availability.has(piece)).toBe(missing.has(piece));
          expect(availability.of(piece)).toBe(counts[piece]! + full);
        }
        const offers = Bitfield.create(PIECES);
        for (const piece of offered) offers.add(piece);
        const found = [...availability.rarestFirst(offers, true)];
        expect(found.toSorted((a, b) => a - b)).toEqual([...missing].filter((piece) => offers.has(piece)).toSorted((a, b) => a - b));
        const ranks = found.map((piece) => rankOf(piece, counts[piece]!));
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      }),
    );
  });
});
