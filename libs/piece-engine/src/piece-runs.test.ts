import * as fc from "fast-check";
import { expect, test } from "vitest";
import { countPieces, PieceCursor, piecesOf } from "./piece-runs.js";

const runsArbitrary = fc.array(fc.record({ first: fc.nat(100), count: fc.integer({ min: 1, max: 5 }) }), { minLength: 1, maxLength: 6 });

test("a cursor goes through every piece of the runs, in order, and says what is left", () => {
  fc.assert(
    fc.property(runsArbitrary, (runs) => {
      const pieces = [...piecesOf(runs)];
      expect(pieces).toHaveLength(countPieces(runs));
      const cursor = new PieceCursor(runs);
      expect(cursor.isAtStart).toBe(true);
      for (const [index, piece] of pieces.entries()) {
        expect(cursor.piece).toBe(piece);
        expect([...cursor.rest()]).toEqual(pieces.slice(index));
        cursor.next();
      }
      expect([cursor.piece, cursor.isAtStart, cursor.isBetweenRuns, ...cursor.rest()]).toEqual([-1, false, false]);
    }),
  );
});

test("between runs is where one is over and another is to come", () => {
  const cursor = new PieceCursor([
    { first: 7, count: 2 },
    { first: 3, count: 2 },
  ]);
  const seen: [number, boolean][] = [];
  for (; cursor.piece >= 0; cursor.next()) seen.push([cursor.piece, cursor.isBetweenRuns]);
  expect(seen).toEqual([
    [7, false],
    [8, false],
    [3, true],
    [4, false],
  ]);
});
