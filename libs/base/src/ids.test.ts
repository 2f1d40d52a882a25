import { describe, expect, test } from "vitest";
import { AssertionError } from "./assert.js";
import { contentIdFromHash, isContentId, isContentIdPrefix } from "./ids.js";

const HEX = "000f".repeat(16);

describe("content ids", () => {
  test("are built from the bytes of the hash", () => {
    const id = contentIdFromHash(Uint8Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? 0x00 : 0x0f)));
    expect(id).toBe(`sha256:${HEX}`);
    expect(isContentId(id)).toBe(true);
    expect(isContentIdPrefix(id)).toBe(true);
  });

  test("a hash of another length is a bug", () => {
    expect(() => contentIdFromHash(new Uint8Array(20))).toThrow(AssertionError);
  });

  test.each([
    ["nothing", ""],
    ["no scheme", HEX],
    ["another scheme", `sha512:${HEX}`],
    ["too short", `sha256:${HEX.slice(1)}`],
    ["too long", `sha256:${HEX}0`],
    ["upper case", `sha256:${HEX.toUpperCase()}`],
    ["a line break", `sha256:${HEX}\n`],
    ["white space", ` sha256:${HEX}`],
  ])("%s is none", (_, text) => {
    expect(isContentId(text)).toBe(false);
  });

  test("8 hex digits are enough for a prefix, 7 are not", () => {
    expect(isContentIdPrefix("sha256:0123abcd")).toBe(true);
    expect(isContentIdPrefix("sha256:0123abc")).toBe(false);
    expect(isContentIdPrefix("0123abcd")).toBe(false);
    expect(isContentIdPrefix("sha256:0123ABCD")).toBe(false);
    expect(isContentIdPrefix(`sha256:${HEX}0`)).toBe(false);
  });
});
