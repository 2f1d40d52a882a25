import { createPrng } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { LEASE_RETRY_MS, LEASE_RETRY_MS_MAX, LeaseKeeper, RENEW_MS_MAX, RENEW_MS_MIN } from "./lease-keeper.js";

const newKeeper = (): LeaseKeeper => new LeaseKeeper(createPrng(1));

describe("lease keeper", () => {
  test("registers first, then renews when the tracker says", () => {
    const keeper = newKeeper();
    expect([keeper.nextCall, keeper.dueAtMs]).toEqual(["register", 0]);
    keeper.answered(10_000, 500);
    expect([keeper.nextCall, keeper.dueAtMs]).toEqual(["renew", 10_500]);
  });

  test.each([
    [0, RENEW_MS_MIN],
    [-5_000, RENEW_MS_MIN],
    [1e15, RENEW_MS_MAX],
  ])("takes %i ms until the renewal for %i", (renewAfterMs, takenMs) => {
    const keeper = newKeeper();
    keeper.answered(renewAfterMs, 500);
    expect(keeper.dueAtMs).toBe(500 + takenMs);
  });

  test("tells of changed contents at once", () => {
    const keeper = newKeeper();
    keeper.answered(10_000, 0);
    keeper.contentsChanged(3_000);
    expect([keeper.nextCall, keeper.dueAtMs]).toEqual(["renew", 3_000]);
  });

  test("changed contents do not cut a back-off short", () => {
    const keeper = newKeeper();
    keeper.failed("TRACKER_UNREACHABLE", undefined, 1_000);
    const { dueAtMs } = keeper;
    keeper.contentsChanged(1_001);
    expect(keeper.dueAtMs).toBe(dueAtMs);
  });

  test("a tracker that forgot the lease is told everything at once, but not in a tight loop", () => {
    const keeper = newKeeper();
    keeper.answered(10_000, 0);
    keeper.failed("REGISTER_AGAIN", undefined, 10_000);
    expect([keeper.nextCall, keeper.dueAtMs]).toEqual(["register", 10_000]);
    keeper.failed("REGISTER_AGAIN", undefined, 10_000);
    expect(keeper.dueAtMs).toBeGreaterThan(10_000);
  });

  test("a call whose outcome is unknown is followed by a registration, not by a renewal that may be ignored as old", () => {
    const keeper = newKeeper();
    keeper.answered(10_000, 0);
    keeper.failed("TIMED_OUT", undefined, 15_000);
    expect(keeper.nextCall).toBe("register");
  });

  test("backs off exponentially up to a bound and starts anew after a success", () => {
    const keeper = newKeeper();
    const pauses = Array.from({ length: 12 }, () => {
      keeper.failed("TRACKER_UNREACHABLE", undefined, 0);
      return keeper.dueAtMs;
    });
    expect(pauses[0]).toBeGreaterThanOrEqual(LEASE_RETRY_MS * 0.75);
    expect(pauses[0]).toBeLessThanOrEqual(LEASE_RETRY_MS);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(LEASE_RETRY_MS_MAX);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(LEASE_RETRY_MS_MAX * 0.75);
    keeper.answered(10_000, 0);
    keeper.failed("TRACKER_UNREACHABLE", undefined, 0);
    expect(keeper.dueAtMs).toBeLessThanOrEqual(LEASE_RETRY_MS);
  });

  test("tries no later than a renewal would have been due, however long the tracker has been away", () => {
    const keeper = newKeeper();
    keeper.answered(1_000, 0);
    for (let failure = 0; failure < 12; failure += 1) {
      keeper.failed("TRACKER_UNREACHABLE", undefined, 0);
      expect(keeper.dueAtMs).toBeLessThanOrEqual(1_000);
    }
    keeper.answered(60_000, 0);
    for (let failure = 0; failure < 12; failure += 1) keeper.failed("TRACKER_UNREACHABLE", undefined, 0);
    expect(keeper.dueAtMs).toBeGreaterThanOrEqual(LEASE_RETRY_MS_MAX * 0.75);
  });

  test("waits at least as long as the tracker asks", () => {
    const keeper = newKeeper();
    keeper.failed("TRACKER_FULL", 60_000, 0);
    expect(keeper.dueAtMs).toBe(60_000);
  });
});
