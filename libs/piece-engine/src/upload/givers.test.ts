import { describe, expect, test } from "vitest";
import { Givers, GIVERS_MAX } from "./givers.js";

describe("who gives", () => {
  test("is who gave at least a part of what it was sent", () => {
    const givers = new Givers();
    givers.sent("a:1", 1000);
    expect(givers.has("a:1")).toBe(false);
    givers.gave("a:1", 100);
    givers.sent("a:1", 1600);
    expect(givers.has("a:1")).toBe(true);
    givers.sent("a:1", 1);
    expect(givers.has("a:1")).toBe(false);
  });

  test("cannot be told of a caller that cannot be called", () => {
    expect(new Givers().has(undefined)).toBe(false);
  });

  test("those who gave longest ago are forgotten first", () => {
    const givers = new Givers();
    for (let i = 0; i < GIVERS_MAX; i += 1) givers.gave(`a:${i}`, 1);
    givers.gave("a:0", 1);
    givers.gave("b:1", 1);
    expect([givers.has("a:0"), givers.has("a:1"), givers.has("b:1")]).toEqual([true, false, true]);
  });
});
