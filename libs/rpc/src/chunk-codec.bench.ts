import { KIB, MIB } from "@piecewise/base";
import { GetPieceResponseSchema } from "@piecewise/contract";
import { bench, describe } from "vitest";
import { chunkCodec } from "./chunk-codec.js";
import { createMessageCodec } from "./message-codec.js";

const general = createMessageCodec(GetPieceResponseSchema);
const FRAME_HEADER_BYTES = 5;

// What grpc-js does with an encoded message: it makes a frame and lets the message copy itself into it.
function frame(codec: typeof general | typeof chunkCodec, data: Uint8Array): Buffer {
  const encoded = codec.encode({ pieceIndex: 1000, offset: MIB, data });
  const target = Buffer.allocUnsafe(encoded.byteLength + FRAME_HEADER_BYTES);
  encoded.copy(target, FRAME_HEADER_BYTES);
  return target;
}

describe.each([256 * KIB, MIB])("a chunk of %i bytes", (bytes) => {
  const data = new Uint8Array(bytes).fill(7);
  const encoded = new Uint8Array(frame(general, data).subarray(FRAME_HEADER_BYTES));
  bench("encode, chunk codec", () => void frame(chunkCodec, data));
  bench("encode, general codec", () => void frame(general, data));
  bench("decode, chunk codec", () => void chunkCodec.decode(encoded));
  bench("decode, general codec", () => void general.decode(encoded));
});
