import { expect, test } from "vitest";
import { displayText } from "./display.js";

test.each([
  ["plain text stays", "tài liệu (bản 2).txt", "tài liệu (bản 2).txt"],
  ["emoji stay, joiners included", "👨‍👩‍👧 -x", "👨‍👩‍👧 -x"],
  ["escape sequences", "a\u001b[31mb", "a\\u{1b}[31mb"],
  ["line breaks, tabs, NUL, DEL", "a\r\n\t\0\u007f", "a\\u{d}\\u{a}\\u{9}\\u{0}\\u{7f}"],
  ["8-bit control characters", "a\u009b31m", "a\\u{9b}31m"],
  ["direction marks", "exe.\u202efdp\u2066\u200f\u061c", "exe.\\u{202e}fdp\\u{2066}\\u{200f}\\u{61c}"],
  ["line and paragraph separators", "a\u2028b\u2029", "a\\u{2028}b\\u{2029}"],
])("%s", (_, text, shown) => {
  expect(displayText(text)).toBe(shown);
});
