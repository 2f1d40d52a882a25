import { describe, expect, test } from "vitest";
import { checkContentName } from "./content-name.js";

describe("checkContentName", () => {
  const legal = ["a", "báo cáo (2).pdf", ".hidden", "-rf", "...", " ", "👨‍👩‍👧.png", "CON", "it's \"quoted\""];
  test.each([...legal, "x".repeat(255), "é".repeat(127)])("%s", (name) => {
    expect(checkContentName(name)).toBeUndefined();
  });

  test.each([
    ["", "it is empty"],
    [".", '"." stands for a directory'],
    ["..", '".." stands for a directory'],
    ["a/b", "it contains a slash or a backslash"],
    ["a\\b", "it contains a slash or a backslash"],
    ["a\0", "it contains a control character"],
    ["a\u001b[2J", "it contains a control character"],
    ["a\n", "it contains a control character"],
    ["a\u0085", "it contains a control character"],
    ["a\ud800", "it is not valid Unicode"],
    ["\ufeffa", "it begins with a byte order mark"],
    ["x".repeat(256), "it is longer than 255 bytes"],
    ["é".repeat(128), "it is longer than 255 bytes"],
  ])("%j: %s", (name, reason) => {
    expect(checkContentName(name)).toBe(reason);
  });
});
