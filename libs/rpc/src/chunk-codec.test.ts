import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { GetPieceResponseSchema } from "@piecewise/contract";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CHUNK_HEADER_BYTES_MAX, chunkCodec } from "./chunk-codec.js";
import { dynamicMethod } from "./testing/dynamic-client.js";

const protobufjs = dynamicMethod("piecewise.v1.PeerService", "GetPiece");

const uint32 = fc.oneof(fc.constantFrom(0, 1, 127, 128, 16_383, 16_384, 2 ** 21, 2 ** 28, 2 ** 31, 2 ** 32 - 1), fc.nat({ max: 2 ** 32 - 1 }));
const chunk = fc.record({ pieceIndex: uint32, offset: uint32, data: fc.uint8Array({ maxLength: 300 }) });

function encode(message: Parameters<typeof chunkCodec.encode>[0]): Buffer {
  const encoded = chunkCodec.encode(message);
  const bytes = Buffer.alloc(encoded.byteLength + 2, 0xee);
  expect(encoded.copy(bytes, 1)).toBe(encoded.byteLength);
  expect([bytes[0], bytes.at(-1)]).toEqual([0xee, 0xee]);
  return bytes.subarray(1, -1);
}

const plain = ({ pieceIndex, offset, data }: { pieceIndex: number; offset: number; data: Uint8Array }) => ({
  pieceIndex,
  offset,
  data: Buffer.from(data).toString("hex"),
});

describe("the same bytes as other codecs", () => {
  test("encodes what protobuf-es and protobufjs encode", () => {
    fc.assert(
      fc.property(chunk, (message) => {
        const bytes = encode(message);
        expect(bytes).toEqual(Buffer.from(toBinary(GetPieceResponseSchema, create(GetPieceResponseSchema, message))));
        expect(protobufjs.responseDeserialize(bytes)).toEqual({
          piece_index: message.pieceIndex,
          offset: message.offset,
          data: Buffer.from(message.data),
        });
      }),
    );
  });

  test("decodes what protobufjs encodes", () => {
    fc.assert(
      fc.property(chunk, ({ pieceIndex, offset, data }) => {
        const bytes = protobufjs.responseSerialize({ piece_index: pieceIndex, offset, data });
        expect(plain(chunkCodec.decode(bytes))).toEqual(plain({ pieceIndex, offset, data }));
      }),
    );
  });

  test("decodes fields in any order, repeated and among unknown ones, as protobuf-es does", () => {
    const field = fc.oneof(
      fc.record({ no: fc.constantFrom(1, 2), value: uint32 }),
      fc.record({ no: fc.constantFrom(3, 4, 500), bytes: fc.uint8Array({ maxLength: 20 }) }),
      fc.record({ no: fc.constantFrom(5, 6), fixed: uint32 }),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 12 }), (fields) => {
        const writer = new BinaryWriter();
        for (const one of fields) {
          if ("value" in one) writer.tag(one.no, WireType.Varint).uint32(one.value);
          else if ("bytes" in one) writer.tag(one.no, WireType.LengthDelimited).bytes(one.bytes);
          else writer.tag(one.no, WireType.Bit32).fixed32(one.fixed);
        }
        const bytes = Buffer.from(writer.finish());
        expect(plain(chunkCodec.decode(bytes))).toEqual(plain(fromBinary(GetPieceResponseSchema, bytes)));
      }),
    );
  });
});

test("data is a view into the received bytes behind a small header", () => {
  const received = encode({ pieceIndex: 2 ** 32 - 1, offset: 2 ** 32 - 1, data: new Uint8Array(1 << 20).fill(7) });
  const { data } = chunkCodec.decode(received);
  expect(data.buffer).toBe(received.buffer);
  expect(data.byteLength).toBe(1 << 20);
  expect(received.byteLength - data.byteLength).toBeLessThanOrEqual(CHUNK_HEADER_BYTES_MAX);
});

/** What decoding gives: the number of data bytes, or why there is none. */
function outcomeOf(bytes: Uint8Array): number | Error {
  try {
    return chunkCodec.decode(bytes).data.byteLength;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new TypeError("something else than an Error was thrown", { cause: error });
  }
}

describe("hostile bytes", () => {
  test("anything either decodes or throws an Error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const outcome = outcomeOf(bytes);
        expect(outcome instanceof Error || outcome <= bytes.byteLength).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("a cut chunk is refused, unless the cut is between fields", () => {
    const whole = encode({ pieceIndex: 300, offset: 5, data: new Uint8Array(200) });
    const lengths = Array.from({ length: whole.byteLength + 1 }, (_, length) => length);
    const accepted = lengths.filter((length) => typeof outcomeOf(whole.subarray(0, length)) === "number");
    // Nothing, the first field, the first two, all three.
    expect(accepted).toEqual([0, 3, 5, whole.byteLength]);
  });

  test.each([
    ["piece_index as bytes", new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(new Uint8Array(2))],
    ["offset as fixed32", new BinaryWriter().tag(2, WireType.Bit32).fixed32(1)],
    ["data as a number", new BinaryWriter().tag(3, WireType.Varint).uint32(1)],
    ["data longer than the message", new BinaryWriter().tag(3, WireType.LengthDelimited).uint32(2 ** 32 - 1)],
    ["field number 0", new BinaryWriter().uint32(0)],
    ["a group without an end", new BinaryWriter().tag(7, WireType.StartGroup)],
    ["a varint without an end", new BinaryWriter().raw(new Uint8Array(12).fill(0xff))],
  ])("%s is refused", (_what, writer) => {
    expect(outcomeOf(writer.finish())).toBeInstanceOf(Error);
  });
});
