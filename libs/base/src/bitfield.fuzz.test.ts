import { deepStrictEqual, equal } from "node:assert/strict";
import * as fc from "fast-check";
import { Bitfield } from "./bitfield.js";
import { fuzz } from "./testing/index.js";

// Input: the number of bits (2 bytes), then the bitmap.
const lengthOf = (input: Uint8Array): number => ((input[0] ?? 0) << 8) | (input[1] ?? 0);

const valid = fc.tuple(fc.oneof(fc.nat(40), fc.nat(2_000)), fc.uint8Array({ maxLength: 250, minLength: 250 })).map(([length, random]) => {
  const bytes = random.slice(0, Math.ceil(length / 8));
  if (length % 8 !== 0) bytes[bytes.length - 1]! &= (0xff << (8 - (length % 8))) & 0xff;
  return Uint8Array.of(length >> 8, length & 0xff, ...bytes);
});

/** The same question, answered bit by bit; undefined if there is a bit that should not be there. */
function indicesOf(length: number, bytes: Uint8Array): number[] | undefined {
  const indices: number[] = [];
  for (let bit = 0; bit < 8 * bytes.length; bit += 1) if ((bytes[Math.floor(bit / 8)]! >> (7 - (bit % 8))) % 2 === 1) indices.push(bit);
  return bytes.length === Math.ceil(length / 8) && (indices.at(-1) ?? -1) < length ? indices : undefined;
}

fuzz({
  name: "bitfields",
  corpus: new URL("testdata/bitfield.corpus.json", import.meta.url),
  valid,
  check(input) {
    const length = lengthOf(input);
    const bytes = input.subarray(2);
    const field = Bitfield.fromBytes(length, bytes);
    const indices = indicesOf(length, bytes);
    deepStrictEqual(field && [...field.indices()], indices);
    if (field === undefined || indices === undefined) return;
    equal(field.count, indices.length);
    equal(field.isFull, indices.length === length);
    deepStrictEqual([...field.toBytes()], [...bytes]);
    equal(field.has(-1) || field.has(length), false);

    // Turned over bit by bit, it is what was not set.
    const turned = field.clone();
    for (let bit = 0; bit < length; bit += 1) equal(field.has(bit) ? turned.delete(bit) : turned.add(bit), true);
    equal(turned.count, length - indices.length);
    equal(Bitfield.fromBytes(length, turned.toBytes())?.count, turned.count);
    deepStrictEqual([...field.toBytes()], [...bytes]);
  },
});
