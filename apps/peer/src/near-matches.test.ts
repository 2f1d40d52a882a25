import { expect, test } from "vitest";
import { nearMatches, NEAR_MATCHES_MAX } from "./near-matches.js";

test("the names that share the longest beginning", () => {
  expect(nearMatches("ubuntu-24.iso", ["debian.iso", "ubuntu-22.iso", "ubuntu-24.04.iso", "uucp"])).toEqual(["ubuntu-24.04.iso"]);
  expect(nearMatches("readme", ["README.md", "Readme.vi.md", "red"])).toEqual(["README.md", "Readme.vi.md"]);
  expect(nearMatches("phim ảnh", ["phim ăn"])).toEqual(["phim ăn"]);
});

test("none without a common first letter, and never more than the maximum", () => {
  expect(nearMatches("abc", ["xyz", ""])).toEqual([]);
  expect(nearMatches("abc", [])).toEqual([]);
  const many = Array.from({ length: 9 }, (_, index) => `ab${index}`);
  expect(nearMatches("abc", many)).toEqual(many.slice(0, NEAR_MATCHES_MAX));
});
