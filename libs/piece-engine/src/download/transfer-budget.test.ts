import { KIB, MIB } from "@piecewise/base";
import { expect, test } from "vitest";
import { createTransferBudget } from "./transfer-budget.js";

test("connections are counted", () => {
  const budget = createTransferBudget({ connectionsMax: 1 });
  expect(budget.takeConnection()).toBe(true);
  expect(budget.takeConnection()).toBe(false);
  budget.releaseConnection();
  expect(budget.takeConnection()).toBe(true);
});

test("bytes in flight leave room, never less than none", () => {
  const budget = createTransferBudget({ inFlightBytesMax: 10 });
  budget.takeInFlight(25);
  expect(budget.inFlightRoomBytes).toBe(0);
  budget.releaseInFlight(20);
  expect(budget.inFlightRoomBytes).toBe(5);
});

test("requests are for a quarter of a second of the limit, within bounds", () => {
  expect(createTransferBudget({ downloadBytesPerSecond: 100 * KIB }).quantumBytes).toBe(25 * KIB);
  expect(createTransferBudget({ downloadBytesPerSecond: 1 }).quantumBytes).toBe(16 * KIB);
  expect(createTransferBudget({ downloadBytesPerSecond: 20 * MIB }).quantumBytes).toBe(MIB);
  expect(createTransferBudget({ downloadBytesPerSecond: 1024 * MIB }).quantumBytes).toBe(4 * MIB);
  expect(createTransferBudget().tokens.available(0)).toBe(Number.POSITIVE_INFINITY);
});
