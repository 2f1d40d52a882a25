import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventQueue } from "./event-queue.js";

describe("EventQueue", () => {
  test("runs what is scheduled by time, and of one time in the order in which it was scheduled", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const queue = new EventQueue();
        const ran: [number, number][] = [];
        times.forEach((time, index) => queue.at(time, () => ran.push([queue.nowUs, index])));
        while (queue.runNext());
        expect(ran).toEqual(times.map((time, index) => [time, index]).toSorted(([a = 0, i = 0], [b = 0, j = 0]) => a - b || i - j));
      }),
    );
  });

  test("what is scheduled while something runs comes in its turn, and never in the past", () => {
    const queue = new EventQueue();
    const ran: string[] = [];
    queue.at(10, () => {
      queue.at(5, () => ran.push(`late at ${queue.nowUs}`));
      queue.after(0, () => ran.push(`now at ${queue.nowUs}`));
    });
    queue.at(10, () => ran.push("second"));
    while (queue.runNext());
    expect(ran).toEqual(["second", "late at 10", "now at 10"]);
  });

  test("holds more than it began with", () => {
    const queue = new EventQueue();
    let count = 0;
    for (let i = 0; i < 5_000; i += 1) queue.at(5_000 - i, () => (count += 1));
    while (queue.runNext());
    expect(count).toBe(5_000);
    expect(queue.nextUs).toBe(Number.POSITIVE_INFINITY);
  });
});
