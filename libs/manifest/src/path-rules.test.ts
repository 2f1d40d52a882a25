import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkEntryPath } from "./path-rules.js";

const joined = (base: string, path: string): string => new URL(encodeURI(`./${path}`), base).href;

describe("checkEntryPath", () => {
  test.each([
    "a",
    "a/b/c.txt",
    ".git/config",
    "..a/...b",
    "-rf",
    "--help/-x",
    " leading",
    "two  spaces/in the middle.txt",
    "báo cáo/資料/😀👨‍👩‍👧.png",
    "console.log",
    "com/lpt/aux1/nulls/prn-2",
    "COM0",
    "com10.txt",
    "xcon.txt",
    "10:30 a*b?<c>|\"d\".txt",
    "it's; $(rm) `x` & {y}.sh",
    "a\ufeffb",
    "ab:c",
    "x".repeat(255),
    `${"é".repeat(127)}/${"é".repeat(127)}`,
    `${"d/".repeat(2047)}ff`,
  ])("%s", (path) => {
    expect(checkEntryPath(path)).toBeUndefined();
  });

  test.each([
    ["it is empty", [""]],
    ["it is absolute", ["/", "/a", "//server/share"]],
    ['it has a component "."', [".", "./a", "a/.", "a/./b"]],
    ['it has a component ".."', ["..", "../a", "a/..", "a/../b"]],
    ["it has an empty component", ["a//b", "a/"]],
    ["it contains a backslash, which separates directories on Windows", ["\\", "a\\b", "..\\..\\a"]],
    ["it has a component that begins with a drive letter", ["C:", "c:/windows", "C:a", "a/z:b"]],
    ["it contains a control character", ["\0", "a\0.txt", "a\nb", "a\u001b[2J", "a\u007f", "a\u0080", "a\u009f"]],
    ["it is not valid Unicode", ["\ud800", "a\udc00b", "\udc00\ud800"]],
    ["it begins with a byte order mark", ["\ufeff", "\ufeffa"]],
    [
      "it has a component that is the name of a device on Windows",
      "CON con Nul.txt a/aux prn/a COM1 com9.tar.gz a/LPT3.x/b COM¹ lpt².txt CONIN$ conout$.log nul:a".split(" ").concat("con .txt"),
    ],
    ["it has a component that ends in a dot or a space, which Windows drops", ["a.", "a /b", "...", " ", "a/b. "]],
    ["it has a component longer than 255 bytes", ["x".repeat(256), `a/${"é".repeat(128)}/b`]],
    ["it is longer than 4096 bytes", [`${"d/".repeat(2047)}fff`, "é/".repeat(1_366), "x".repeat(1_000_000)]],
  ])("%s", (reason, paths) => {
    for (const path of paths) expect([path, checkEntryPath(path)]).toEqual([path, reason]);
  });

  test("what passes stays below the directory that it is joined to", () => {
    const path = fc.string({ unit: fc.constantFrom(".", "/", "\\", ":", " ", "a", "C", "\0"), maxLength: 8 });
    fc.assert(
      fc.property(path, fc.constantFrom("http://host/target/", "file:///target/"), (candidate, base) => {
        expect(checkEntryPath(candidate) !== undefined || joined(base, candidate) === base + encodeURI(candidate)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
