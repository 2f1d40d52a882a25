import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { fuzz } from "@piecewise/base/testing";
import { GetPieceResponseSchema } from "@piecewise/contract";
import { messageBytes } from "@piecewise/contract/testing";
import { chunkCodec } from "./chunk-codec.js";
import { FramedChunk } from "./framed-chunk.js";

/** What a decoder makes of the bytes; undefined if it refuses them. */
function readBy(decode: (bytes: Uint8Array) => { pieceIndex: number; offset: number; data: Uint8Array }, input: Uint8Array) {
  try {
    const { pieceIndex, offset, data } = decode(input);
    return { pieceIndex, offset, data: Buffer.from(data) };
  } catch (error) {
    ok(error instanceof Error && error.name !== "AssertionError", String(error));
    return undefined;
  }
}

function encode(chunk: Parameters<typeof chunkCodec.encode>[0]): Buffer {
  const encoded = chunkCodec.encode(chunk);
  const bytes = Buffer.alloc(encoded.byteLength);
  equal(encoded.copy(bytes), bytes.length);
  return bytes;
}

fuzz({
  name: "chunks",
  corpus: new URL("testdata/chunk.corpus.json", import.meta.url),
  valid: messageBytes(GetPieceResponseSchema),
  check(input) {
    const chunk = readBy(chunkCodec.decode, input);
    const generated = readBy((bytes) => fromBinary(GetPieceResponseSchema, bytes), input);
    // Fields of another wire type are refused here, where generated code may take them for unknown ones.
    if (chunk === undefined) return;
    deepStrictEqual(chunk, generated);
    ok(chunk.data.length <= input.length);
    const bytes = encode(chunk);
    deepStrictEqual(readBy(chunkCodec.decode, bytes), chunk);
    using framed = new FramedChunk(chunk.pieceIndex, chunk.offset, chunk.data.length);
    chunk.data.copy(framed.data);
    const frame = framed.toFrame();
    deepStrictEqual([frame.readUInt8(0), frame.readUInt32BE(1), frame.subarray(5).toString("hex")], [0, bytes.length, bytes.toString("hex")]);
  },
});
