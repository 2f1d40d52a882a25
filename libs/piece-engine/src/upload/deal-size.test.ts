import { expect, test } from "vitest";
import { affordableDealPieces, DEAL_PIECES_MAX, DEAL_PIECES_MIN, nextDealPieces } from "./deal-size.js";

test("a deal that is taken quickly grows, one that is taken slowly shrinks", () => {
  expect([nextDealPieces(4, 100), nextDealPieces(4, 2_000), nextDealPieces(4, 10_000)]).toEqual([8, 4, 2]);
  expect([nextDealPieces(DEAL_PIECES_MAX, 0), nextDealPieces(DEAL_PIECES_MIN, 10_000)]).toEqual([DEAL_PIECES_MAX, DEAL_PIECES_MIN]);
});

test("deals shrink towards the end, and with the number of callers", () => {
  expect([affordableDealPieces(64, 1_000, 5), affordableDealPieces(64, 1_000, 50), affordableDealPieces(64, 3, 5)]).toEqual([50, 5, 2]);
});
