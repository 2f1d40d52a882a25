import { expect, test } from "vitest";
import { BANNED_ADDRESSES_MAX, BanList } from "./ban-list.js";

test("remembers who lied, up to a bound, the oldest is forgotten first", () => {
  const banned = new BanList();
  for (let i = 0; i <= BANNED_ADDRESSES_MAX; i += 1) banned.add(`192.0.2.1:${i}`);
  expect(banned.has("192.0.2.1:0")).toBe(false);
  expect(banned.has("192.0.2.1:1")).toBe(true);
  expect(banned.has(`192.0.2.1:${BANNED_ADDRESSES_MAX}`)).toBe(true);
});
