import { describe, expect, test } from "vitest";
import { takeNews } from "./piece-ranges.js";

describe("takeNews", () => {
  test("puts pieces into ascending runs, whatever the order of the changes", () => {
    const changed = new Set([9, 2, 3, 1, 20, 4]);
    expect(takeNews(changed, (piece) => piece !== 3, 10)).toEqual({
      added: [
        { first: 1, count: 2 },
        { first: 4, count: 1 },
        { first: 9, count: 1 },
        { first: 20, count: 1 },
      ],
      withdrawn: [{ first: 3, count: 1 }],
    });
    expect(changed.size).toBe(0);
  });

  test("leaves for the next message what does not fit into this one", () => {
    const changed = new Set([0, 1, 3, 4, 6, 8]);
    expect(takeNews(changed, (piece) => piece < 3, 2)).toEqual({ added: [{ first: 0, count: 2 }], withdrawn: [{ first: 3, count: 2 }] });
    expect([...changed]).toEqual([6, 8]);
    expect(takeNews(changed, () => false, 2).withdrawn).toHaveLength(2);
    expect(changed.size).toBe(0);
  });

  test("has nothing to say about nothing", () => {
    expect(takeNews(new Set(), () => true, 1)).toEqual({ added: [], withdrawn: [] });
  });
});
