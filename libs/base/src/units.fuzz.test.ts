import { equal, ok } from "node:assert/strict";
import { acceptedBy, fuzz, textFrom, textOf } from "./testing/index.js";
import { formatBytes, parseBytes } from "./units.js";

fuzz({
  name: "sizes",
  corpus: new URL("testdata/units.corpus.json", import.meta.url),
  valid: textFrom(["0", "1", "256", "1023", "1024", "9007199254740991", "9".repeat(30), ".", "5", " ", "k", "K", "M", "G", "T", "i", "b", "B", "-", "e9"], 5),
  check(input) {
    const text = textOf(input);
    // What is no size may be quoted: it comes from whoever sits at the terminal.
    if (text !== text.replaceAll(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, "")) return;
    const bytes = acceptedBy(["INVALID_ARGUMENT"], () => parseBytes(text.slice(0, 200), "--size"));
    if (bytes === undefined) return;
    ok(Number.isSafeInteger(bytes) && bytes >= 0);
    equal(parseBytes(String(bytes), "--size"), bytes);
    ok(/^\d+(\.\d+)? ([KMGTP]i)?B$/.test(formatBytes(bytes)), formatBytes(bytes));
  },
});
