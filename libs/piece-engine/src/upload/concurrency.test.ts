import { describe, expect, test } from "vitest";
import { Concurrency, SERVED_AT_ONCE_MIN } from "./concurrency.js";

const CHUNK_BYTES = 65_536;

/** Serves as many as it says for so long, where `bytesPerMs` says how much goes out then; returns the numbers that were tried. */
function serve(concurrency: Concurrency, durationMs: number, bytesPerMs: (served: number) => number): number[] {
  const limits = [concurrency.limit];
  let due = 0;
  for (let nowMs = 0; nowMs < durationMs; nowMs += 1) {
    for (due += bytesPerMs(concurrency.limit); due >= CHUNK_BYTES; due -= CHUNK_BYTES) concurrency.drained(CHUNK_BYTES, nowMs);
    concurrency.update(true, nowMs);
    if (concurrency.limit !== limits.at(-1)) limits.push(concurrency.limit);
  }
  return limits;
}

describe("concurrency", () => {
  test("stays low where a few fill the line, however often more are tried", () => {
    const limits = serve(new Concurrency(SERVED_AT_ONCE_MIN, 14), 100_000, () => 10_000);
    expect(limits.slice(0, 5)).toEqual([4, 8, 4, 8, 4]);
    expect(limits.length).toBeLessThan(14);
  });

  test("grows where those who are served are slower than the line, and finds that fewer would be too few", () => {
    expect(serve(new Concurrency(SERVED_AT_ONCE_MIN, 14), 10_000, (served) => served * 1_000)).toEqual([4, 8, 14, 7, 14]);
  });

  test("shrinks again when a few fill the line", () => {
    const concurrency = new Concurrency(SERVED_AT_ONCE_MIN, 14);
    serve(concurrency, 10_000, (served) => served * 1_000);
    expect(serve(concurrency, 60_000, () => 10_000)).toContain(7);
  });

  test("grows when nothing goes out", () => {
    const concurrency = new Concurrency(SERVED_AT_ONCE_MIN, 14);
    concurrency.update(true, 0);
    expect(concurrency.dueMs).toBe(2_000);
    concurrency.update(true, 2_000);
    expect(concurrency.limit).toBe(8);
    concurrency.update(true, 4_000);
    expect([concurrency.limit, concurrency.dueMs]).toEqual([14, Number.POSITIVE_INFINITY]);
  });

  test("tries nothing while nobody waits", () => {
    const concurrency = new Concurrency(SERVED_AT_ONCE_MIN, 14);
    for (let nowMs = 0; nowMs < 20_000; nowMs += 10) {
      concurrency.drained(CHUNK_BYTES, nowMs);
      concurrency.update(false, nowMs);
    }
    expect([concurrency.limit, concurrency.dueMs]).toEqual([4, Number.POSITIVE_INFINITY]);
  });
});
