import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "./assert.js";
import { Bitfield } from "./bitfield.js";

describe("Bitfield", () => {
  test("the highest bit of a byte comes first", () => {
    const bits = Bitfield.create(10);
    bits.add(0);
    bits.add(9);
    expect([...bits.toBytes()]).toEqual([0b1000_0000, 0b0100_0000]);
  });

  test.each([0, 1, 7, 8, 9, 16, 1_000])("of %i bits, all set, with spare bits 0", (length) => {
    const full = Bitfield.create(length, true);
    expect(full.count).toBe(length);
    expect(full.isFull).toBe(true);
    expect([...full.indices()]).toEqual(Array.from({ length }, (_, i) => i));
    expect(Bitfield.fromBytes(length, full.toBytes())?.count).toBe(length);
  });

  test("one without any bits is full and empty at once", () => {
    expect(Bitfield.create(0)).toMatchObject({ count: 0, isFull: true, length: 0 });
    expect(Bitfield.fromBytes(0, new Uint8Array(0))?.isFull).toBe(true);
  });

  test.each([
    ["too short", 9, [0]],
    ["too long", 8, [0, 0]],
    ["bytes where there are no pieces", 0, [0]],
    ["a spare bit set", 9, [0, 0b0010_0000]],
  ])("wire bytes are refused: %s", (_, length, bytes) => {
    expect(Bitfield.fromBytes(length, Uint8Array.from(bytes))).toBeUndefined();
  });

  test("copies what it is given and what it gives", () => {
    const wire = Uint8Array.of(0b1000_0000);
    const bits = Bitfield.fromBytes(8, wire)!;
    const clone = bits.clone();
    wire[0] = 0xff;
    bits.toBytes()[0] = 0xff;
    clone.add(5);
    expect([...bits.indices()]).toEqual([0]);
    expect([...clone.indices()]).toEqual([0, 5]);
    expect(clone.count).toBe(2);
  });

  test("has and delete know nothing beyond the end; add there is a bug", () => {
    const bits = Bitfield.create(9, true);
    for (const index of [-1, 9, 15, 16, 1_000]) {
      expect(bits.has(index)).toBe(false);
      expect(bits.delete(index)).toBe(false);
      expect(() => bits.add(index)).toThrow(AssertionError);
    }
    expect(bits.count).toBe(9);
  });

  test("behaves as a set of numbers, also over the wire", () => {
    const steps = fc.integer({ min: 1, max: 70 }).chain((length) =>
      fc.record({
        length: fc.constant(length),
        steps: fc.array(fc.record({ add: fc.boolean(), index: fc.nat(length - 1) }), { maxLength: 200 }),
      }),
    );
    fc.assert(
      fc.property(steps, (run) => {
        const bits = Bitfield.create(run.length);
        const model = new Set<number>();
        for (const { add, index } of run.steps) {
          expect(add ? bits.add(index) : bits.delete(index)).toBe(add !== model.has(index));
          if (add) model.add(index);
          else model.delete(index);
          expect(bits.count).toBe(model.size);
        }
        const read = Bitfield.fromBytes(run.length, bits.toBytes())!;
        expect([...read.indices()]).toEqual([...model].toSorted((a, b) => a - b));
        expect(read.count).toBe(model.size);
        expect(read.isFull).toBe(model.size === run.length);
      }),
    );
  });
});
