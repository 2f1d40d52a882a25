import { expect, test } from "vitest";
import { Deadlines } from "./deadlines.js";

test("the earliest is next, and what is due is taken once", () => {
  const deadlines = new Deadlines();
  expect(deadlines.nextMs).toBe(Number.POSITIVE_INFINITY);
  deadlines.set("lookup", 30);
  deadlines.set("dial", 10);
  deadlines.setEarlier("dial", 20);
  deadlines.setEarlier("lookup", 20);
  expect(deadlines.nextMs).toBe(10);
  expect(deadlines.takeDue(9)).toEqual([]);
  expect(deadlines.takeDue(20)).toEqual(["lookup", "dial"]);
  expect(deadlines.takeDue(20)).toEqual([]);
  deadlines.set("wake", 5);
  deadlines.clear("wake");
  expect(deadlines.nextMs).toBe(Number.POSITIVE_INFINITY);
});
