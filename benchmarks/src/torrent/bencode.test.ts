import { expect, test } from "vitest";
import { bencode } from "./bencode.js";

test.each([
  [0, "i0e"],
  [-42, "i-42e"],
  ["spam", "4:spam"],
  ["", "0:"],
  ["é", "2:é"],
  [["spam", 3], "l4:spami3ee"],
  [{ b: 1, a: { c: "" } }, "d1:ad1:c0:e1:bi1ee"],
])("%j is %s", (value, encoded) => {
  expect(bencode(value).toString()).toBe(encoded);
});

test("bytes stay as they are", () => {
  expect(bencode(Uint8Array.of(0, 255))).toEqual(Buffer.from([0x32, 0x3a, 0, 255]));
});
