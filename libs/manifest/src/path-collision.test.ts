import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findPathCollision } from "./path-collision.js";

const fold = (text: string): string => text.normalize("NFC").toLowerCase();

/** What `findPathCollision` promises, for one pair, said as plainly as can be. */
function collide(a: string, b: string): boolean {
  const [x, y] = [a.split("/"), b.split("/")];
  for (let i = 0; i < Math.min(x.length, y.length); i += 1) {
    if (fold(x[i]!) !== fold(y[i]!)) return false;
    if (x[i] !== y[i]) return true;
  }
  return true;
}

describe("findPathCollision", () => {
  test.each([
    ["nothing", []],
    ["one path", ["a"]],
    ["siblings", ["a", "b", "a-b", "a.b", "ab"]],
    ["the same name in different directories", ["x/readme", "y/README"]],
    ["one directory, spelt the same", ["Doc/a", "Doc/b", "Doc/c/d", "Doc/c/e"]],
    ["a name that another begins with", ["doc", "docs/a", "doc-x/a", "doc!/a"]],
    ["the dotless i, which is another letter", ["ısı", "isi"]],
    ["accents that differ", ["resume", "résumé"]],
  ])("none: %s", (_, paths) => {
    expect(findPathCollision(paths)).toBeUndefined();
  });

  test.each([
    ["case", ["README", "b", "readme"], ["README", "readme"]],
    ["case, not ASCII", ["ĐỀ.txt", "đề.txt"], ["ĐỀ.txt", "đề.txt"]],
    ["full case folding", ["straße", "STRASSE"], ["straße", "STRASSE"]],
    ["final sigma", ["ΟΔΟΣ", "οδος", "x"], ["ΟΔΟΣ", "οδος"]],
    ["the Kelvin sign", ["\u212a", "k"], ["\u212a", "k"]],
    ["NFC and NFD", ["\u00e9", "e\u0301"], ["\u00e9", "e\u0301"]],
    ["order of combining marks, and case", ["A\u0323\u0302", "\u1ead"], ["A\u0323\u0302", "\u1ead"]],
    ["the same path twice", ["a/b", "a/b"], ["a/b", "a/b"]],
    ["a directory above", ["Doc/a", "doc/b"], ["Doc", "doc"]],
    ["a directory in the middle", ["x/Doc/a/1", "x/doc/b/2"], ["x/Doc", "x/doc"]],
    ["a directory whose files lie apart", ["Doc/z", "doc!", "doc/a", "Doc/a"], ["Doc", "doc"]],
    ["a file and a directory", ["Doc", "doc/b"], ["Doc", "doc"]],
    ["a file inside a file", ["a", "a!", "a-b", "a/b"], ["a", "a/b"]],
    ["a file deep inside a file", ["a/b/c/d", "a"], ["a", "a/b/c/d"]],
  ])("found: %s", (_, paths, collision) => {
    expect(findPathCollision(paths)?.toSorted()).toEqual(collision.toSorted());
  });

  test("agrees with comparing every pair of components", () => {
    const component = fc.string({ unit: fc.constantFrom("a", "A", "-", "~", "\u00e9", "e\u0301", "\u00c9"), minLength: 1, maxLength: 2 });
    const path = fc.array(component, { minLength: 1, maxLength: 3 }).map((components) => components.join("/"));
    fc.assert(
      fc.property(fc.array(path, { maxLength: 6 }), (paths) => {
        const expected = paths.some((a, i) => paths.slice(i + 1).some((b) => collide(a, b)));
        expect(findPathCollision(paths) !== undefined).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});
