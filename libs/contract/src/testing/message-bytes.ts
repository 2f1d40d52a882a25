import { create, type DescField, type DescMessage, ScalarType, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";

/** Values for fields, by their name in JavaScript, in messages of any depth: without one a text would hardly ever be an id or an address. */
export type FieldValues = Readonly<Record<string, fc.Arbitrary<unknown>>>;

const ITEMS_MAX = 3;

const telling = (numbers: readonly number[], max: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...numbers) }, { weight: 1, arbitrary: fc.nat(max) });
const uint32 = telling([0, 1, 2, 3, 4, 16, 255, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1], 2 ** 32 - 1);
const int32 = telling([0, 1, -1, 2 ** 31 - 1, -(2 ** 31)], 2 ** 31 - 1);
const uint64 = fc.constantFrom(0n, 1n, 2n, 5n, 4096n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n);
const int64 = fc.constantFrom(0n, 1n, -1n, 30n, 2n ** 53n, 315_576_000_000n, 2n ** 63n - 1n, -(2n ** 63n));
const text = fc.oneof(fc.constantFrom("", "a", "/", "..", "\u{202e}\u{7}", "é", "piecewise"), fc.string({ maxLength: 12 }));
const bytes = fc.oneof(fc.constant(new Uint8Array(16)), fc.uint8Array({ maxLength: 20 }));

/** Serialized messages of a type, with any fields set to anything. */
export const messageBytes = (schema: DescMessage, values: FieldValues = {}): fc.Arbitrary<Uint8Array> =>
  messageOf(schema, values).map((init) => toBinary(schema, create(schema, init)));

function messageOf(schema: DescMessage, values: FieldValues): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const member of schema.members) {
    if (member.kind === "field") fields[member.localName] = valueOf(member, values);
    else fields[member.localName] = fc.oneof(...member.fields.map((field) => valueOf(field, values).map((value) => ({ case: field.localName, value }))));
  }
  return fc.record(fields, { requiredKeys: [] });
}

function valueOf(field: DescField, values: FieldValues): fc.Arbitrary<unknown> {
  const one = values[field.localName] ?? itemOf(field, values);
  return field.fieldKind === "list" ? fc.array(one, { maxLength: ITEMS_MAX }) : one;
}

function itemOf(field: DescField, values: FieldValues): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return messageOf(field.message, values);
  return field.scalar === undefined ? fc.nat(4) : SCALARS[field.scalar];
}

const SCALARS: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  [ScalarType.DOUBLE]: fc.double(),
  [ScalarType.FLOAT]: fc.float(),
  [ScalarType.INT64]: int64,
  [ScalarType.UINT64]: uint64,
  [ScalarType.INT32]: int32,
  [ScalarType.FIXED64]: uint64,
  [ScalarType.FIXED32]: uint32,
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: bytes,
  [ScalarType.UINT32]: uint32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.SFIXED64]: int64,
  [ScalarType.SINT32]: int32,
  [ScalarType.SINT64]: int64,
};
