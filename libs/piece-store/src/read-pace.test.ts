import { expect, test } from "vitest";
import { ReadPace } from "./read-pace.js";

/** A pace, and a disk that is read before each slow read. */
function withDisk() {
  let diskReads = 7;
  const pace = new ReadPace(() => diskReads);
  const read = (tookMs: number, nowMs: number): void => {
    diskReads += 1;
    pace.readAtOnce(tookMs, nowMs);
  };
  return { pace, read };
}

test("reads at once until a read is slow, and again after a while", () => {
  const { pace, read } = withDisk();
  read(0.1, 0);
  expect(pace.mayReadAtOnce(0)).toBe(true);
  read(20, 1_000);
  expect([1_000, 1_099, 1_100].map((nowMs) => pace.mayReadAtOnce(nowMs))).toEqual([false, false, true]);
});

test("a read that took long although no disk was read had to wait for a processor", () => {
  const pace = new ReadPace(() => 7);
  pace.readAtOnce(20, 1_000);
  expect(pace.mayReadAtOnce(1_000)).toBe(true);
});

test("a disk that stays slow is tried ever more rarely, up to a bound", () => {
  const { pace, read } = withDisk();
  const waits: number[] = [];
  for (let nowMs = 0, tries = 0; tries < 9; tries += 1) {
    read(20, nowMs);
    const since = nowMs;
    while (!pace.mayReadAtOnce(nowMs)) nowMs += 100;
    waits.push(nowMs - since);
  }
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
});

test("one quick read is enough to try again soon after the next slow one", () => {
  const { pace, read } = withDisk();
  for (let tries = 0; tries < 5; tries += 1) read(20, 0);
  read(1, 50_000);
  read(20, 50_000);
  expect(pace.mayReadAtOnce(50_100)).toBe(true);
});
