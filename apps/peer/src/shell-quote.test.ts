import { expect, test } from "vitest";
import { shellQuote } from "./shell-quote.js";

test("a shell takes it as one word", () => {
  expect(shellQuote("piecewise:x?a=b&c=d")).toBe("'piecewise:x?a=b&c=d'");
  expect(shellQuote("it's")).toBe(String.raw`'it'\''s'`);
});
