import * as fc from "fast-check";
import { expect, test } from "vitest";
import { OrderedIds } from "./ordered-ids.js";

test("reads what a sorted set would read, however changes and reads are mixed", () => {
  const step = fc.record({ id: fc.integer({ min: 10, max: 40 }), isRead: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const ids = new OrderedIds();
      const model = new Set<string>();
      const reads: [actual: readonly string[], expected: string[]][] = [];
      for (const { id: number, isRead } of [...steps, { id: 0, isRead: true }]) {
        const id = String(number);
        if (isRead) {
          reads.push([ids.from(id), [...model].filter((other) => other >= id).toSorted()]);
        } else if (model.delete(id)) {
          ids.delete(id);
        } else {
          model.add(id);
          ids.add(id);
        }
      }
      expect(reads.map(([actual]) => actual)).toEqual(reads.map(([, expected]) => expected));
    }),
  );
});
