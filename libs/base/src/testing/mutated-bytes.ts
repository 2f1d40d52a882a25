import * as fc from "fast-check";

/** Bytes at which lengths, tags and signs change their meaning. */
const TELLING_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, 0x08, 0x0a, 0x12, 0x1a, 0x2f, 0x5c];
const TELLING_NUMBERS = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x3fff, 0x4000, 0x4001, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
/** As protobuf writes them: 0 in two bytes, 2^32 - 1, 2^32, 2^53, 2^64 - 1, one without an end. */
const TELLING_VARINTS = ["8000", "ffffffff0f", "8080808010", "8080808080808010", "ffffffffffffffffff01", "ffffffffffffffffffffff"].map((hex) =>
  Buffer.from(hex, "hex"),
);
const RUN_BYTES_MAX = 16;

/** One change: of which kind, where, and a number to make it with. */
type Mutation = readonly [kind: number, at: number, value: number];
type Change = (bytes: Buffer, at: number, value: number) => Buffer;

const put = (bytes: Buffer, at: number, patch: Uint8Array, replaced: number): Buffer =>
  Buffer.concat([bytes.subarray(0, at), patch, bytes.subarray(at + replaced)]);
const runLength = (value: number): number => 1 + (value % RUN_BYTES_MAX);

function numberBytes(value: number): Buffer {
  const number = TELLING_NUMBERS[(value >> 2) % TELLING_NUMBERS.length]!;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes.subarray(value % 4);
}

const CHANGES: readonly Change[] = [
  (bytes, at, value) => put(bytes, at, Buffer.of((bytes[at] ?? 0) ^ (1 << (value & 7))), 1),
  (bytes, at, value) => put(bytes, at, Buffer.of(TELLING_BYTES[value % TELLING_BYTES.length]!), 1),
  (bytes, at, value) => put(bytes, at, Buffer.of(value & 0xff), 1),
  (bytes, at, value) => put(bytes, at, Buffer.of(((bytes[at] ?? 0) + (value & 1 ? 1 : 255)) & 0xff), 1),
  (bytes, at, value) => put(bytes, at, Buffer.alloc(0), runLength(value)),
  (bytes, at, value) => put(bytes, at, Buffer.alloc(runLength(value >> 4), TELLING_BYTES[value % TELLING_BYTES.length]), 0),
  (bytes, at, value) => put(bytes, at, bytes.subarray(at, at + runLength(value)), 0),
  (bytes, at, value) => put(bytes, at, numberBytes(value), numberBytes(value).length),
  (bytes, at, value) => put(bytes, at, TELLING_VARINTS[value % TELLING_VARINTS.length]!, value & 0x100 ? 1 : 0),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at) => bytes.subarray(at),
];

const mutation: fc.Arbitrary<Mutation> = fc.tuple(fc.nat(CHANGES.length - 1), fc.nat(0xffff), fc.nat(0xffff));

function mutate(valid: Uint8Array, mutations: readonly Mutation[]): Buffer {
  let bytes = Buffer.from(valid.buffer, valid.byteOffset, valid.byteLength);
  for (const [kind, at, value] of mutations) bytes = Buffer.from(CHANGES[kind]!(bytes, at % (bytes.length + 1), value));
  return bytes;
}

const splice = ([head, tail, cut, from]: readonly [Uint8Array, Uint8Array, number, number]): Uint8Array =>
  Buffer.concat([head.subarray(0, cut % (head.length + 1)), tail.subarray(from % (tail.length + 1))]);

/**
 * What a decoder is tried with: inputs as they should be, mostly with a few changes to them, or the beginning of one and the end of another.
 * Random bytes alone would fail the first check of nearly every decoder.
 */
export const mutatedBytes = (valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 5, arbitrary: valid },
    { weight: 8, arbitrary: fc.tuple(valid, fc.array(mutation, { minLength: 1, maxLength: 3 })).map(([bytes, mutations]) => mutate(bytes, mutations)) },
    { weight: 2, arbitrary: fc.tuple(valid, valid, fc.nat(0xffff), fc.nat(0xffff)).map(splice) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  );
