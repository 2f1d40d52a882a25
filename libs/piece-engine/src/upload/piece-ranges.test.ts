import { expect, test } from "vitest";
import { newsOf } from "./piece-ranges.js";

test("puts pieces into ascending runs, whatever the order of the changes", () => {
  expect(newsOf([9, 2, 3, 1, 20, 4], (piece) => piece !== 3)).toEqual({
    added: [
      { first: 1, count: 2 },
      { first: 4, count: 1 },
      { first: 9, count: 1 },
      { first: 20, count: 1 },
    ],
    withdrawn: [{ first: 3, count: 1 }],
  });
});

test("has nothing to say about nothing", () => {
  expect(newsOf([], () => true)).toEqual({ added: [], withdrawn: [] });
});
