import { equal, ok } from "node:assert/strict";
import { posix, win32 } from "node:path";
import { displayText } from "@piecewise/base";
import { fuzz, textFrom, textOf } from "@piecewise/base/testing";
import { findPathCollision } from "./path-collision.js";
import { comparePaths } from "./path-order.js";
import { checkEntryPath, PATH_BYTES_MAX } from "./path-rules.js";

const PATHS_MAX = 8;
const PARTS = ["a", "A", "b", "Doc", "é", "e\u{301}", "ß", "ss", "ſ", "ı", "I", "İ", "Σ", "ς", "日本", "😀", "\ud83d", "\ude00", "\u{feff}", "\u{ffff}"];
const SIGNS = ["/", "/", "/", "\n", "\n", ".", "..", "...", " ", "\\", ":", "C:", "*", "~", "$HOME", "\0", "\u{1b}[2J", "\u{85}", "\u{202e}"];
const NAMES = ["con", "NUL", "aux.txt", "LPT1", "com¹", "CONIN$", "prn :", "x".repeat(250), "é".repeat(128)];

/** Where a tree is laid out, as each system writes it. */
const ROOTS = [
  { root: "/srv/download", system: posix },
  { root: "C:\\download", system: win32 },
];

const utf8 = (text: string): Buffer => Buffer.from(text, "utf8");

// Folded as a whole, which is not how the code under test does it.
const folded = (text: string): string =>
  text
    .normalize("NFD")
    .split("ı")
    .map((part) => part.toLowerCase().toUpperCase().toLowerCase())
    .join("ı")
    .normalize("NFC");

/** Every directory above a path, and the path. */
const prefixesOf = (path: string): string[] => path.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/"));

/** Whether two paths cannot lie in one tree, found by comparing everything with everything. */
function collides(a: string, b: string): boolean {
  if (prefixesOf(a).includes(b) || prefixesOf(b).includes(a)) return true;
  return prefixesOf(a).some((one) => prefixesOf(b).some((other) => one !== other && folded(one) === folded(other)));
}

function checkAccepted(path: string): void {
  ok(utf8(path).length <= PATH_BYTES_MAX);
  equal(utf8(path).toString("utf8"), path, "does not survive UTF-8");
  ok(!/\p{Cc}/u.test(path), "has a control character");
  for (const { root, system } of ROOTS) {
    const target = system.resolve(root, path);
    ok(target.startsWith(root + system.sep), `leads to ${displayText(target)}`);
    // Nothing is dropped or made into something else on the way.
    equal(system.relative(root, target).split(system.sep).join("/"), path);
  }
}

fuzz({
  name: "paths",
  corpus: new URL("testdata/path.corpus.json", import.meta.url),
  valid: textFrom([...PARTS, ...PARTS, ...SIGNS, ...NAMES], 12),
  check(input) {
    const candidates = textOf(input).split("\n").slice(0, PATHS_MAX);
    const paths = [...new Set(candidates.filter((path) => checkEntryPath(path) === undefined))];
    paths.forEach(checkAccepted);

    const encodable = candidates.filter((path) => !/\p{Cs}/u.test(path));
    for (const a of encodable) for (const b of encodable) equal(Math.sign(comparePaths(a, b)), Buffer.compare(utf8(a), utf8(b)));
    const isFound = findPathCollision(paths) !== undefined;
    equal(isFound, paths.some((a, index) => paths.slice(index + 1).some((b) => collides(a, b))), `of ${JSON.stringify(paths)}`);
    equal(findPathCollision(paths.toReversed()) !== undefined, isFound);
  },
});
