import { expect, test } from "vitest";
import { textTable } from "./text-table.js";

test("columns are as wide as their widest cell, the first to the left, the others to the right", () => {
  expect(textTable(["", "median s"], [["Piecewise", "2.10"], ["a", "-"]])).toBe(
    ["           median s", "---------  --------", "Piecewise      2.10", "a                 -"].join("\n"),
  );
});

test("a row may be shorter than the header", () => {
  expect(textTable(["x", "y", "z"], [["a"]]).split("\n").at(-1)).toBe("a");
});
