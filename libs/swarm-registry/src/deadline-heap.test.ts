import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DeadlineHeap, type Scheduled } from "./deadline-heap.js";

test("gives out the earliest first, whatever was scheduled, moved and deleted before", () => {
  const step = fc.record({ item: fc.nat(15), deadlineMs: fc.nat(50), isDeleted: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const heap = new DeadlineHeap<Scheduled>();
      const items = Array.from({ length: 16 }, () => ({ deadlineMs: 0, heapIndex: -1 }));
      const model = new Map<Scheduled, number>();
      for (const { item, deadlineMs, isDeleted } of steps) {
        const scheduled = items[item]!;
        if (!isDeleted) {
          heap.schedule(scheduled, deadlineMs);
          model.set(scheduled, deadlineMs);
        } else if (model.delete(scheduled)) {
          heap.delete(scheduled);
        }
        expect(heap.nextDeadlineMs).toBe(Math.min(Number.POSITIVE_INFINITY, ...model.values()));
      }
      const due: number[] = [];
      for (let item = heap.popDue(25); item !== undefined; item = heap.popDue(25)) due.push(item.deadlineMs);
      expect(due).toEqual([...model.values()].filter((deadlineMs) => deadlineMs <= 25).toSorted((one, other) => one - other));
    }),
  );
});
