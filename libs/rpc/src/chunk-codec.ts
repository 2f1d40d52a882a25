import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { assert } from "@piecewise/base";
import type { GetPieceResponseSchema } from "@piecewise/contract";
import type { EncodedMessage, MessageCodec } from "./message-codec.js";

type ChunkInit = MessageInitShape<typeof GetPieceResponseSchema>;
type Chunk = MessageShape<typeof GetPieceResponseSchema>;

/** Longest header of an encoded chunk: three tags, two uint32 and the length of the data, all as varints. */
export const CHUNK_HEADER_BYTES_MAX = 3 + 3 * 5;

const PIECE_INDEX_FIELD = 1;
const OFFSET_FIELD = 2;
const DATA_FIELD = 3;

/**
 * The codec of `GetPieceResponse`, the one message whose speed matters. Encoding writes the header and lets the transport copy the data
 * straight into its frame; decoding copies nothing: `data` is a view into the received bytes. Those own their memory and hold nothing
 * else but a small header, so a receiver may hand `data.buffer` to a worker whole (with `byteOffset` and `byteLength`).
 */
export const chunkCodec: MessageCodec<ChunkInit, Chunk> = { encode: (chunk) => new EncodedChunk(chunk), decode: decodeChunk };

/** A chunk that copies itself into the transport's frame. */
class EncodedChunk implements EncodedMessage {
  readonly byteLength: number;
  readonly #header: Buffer;
  readonly #data: Uint8Array;

  constructor(chunk: ChunkInit) {
    this.#header = encodeChunkHeader(chunk);
    this.#data = chunk.data ?? new Uint8Array(0);
    this.byteLength = this.#header.byteLength + this.#data.byteLength;
  }

  copy(target: Uint8Array, start = 0): number {
    target.set(this.#header, start);
    target.set(this.#data, start + this.#header.byteLength);
    return this.byteLength;
  }
}

/** Everything of an encoded chunk that stands in front of its data. */
export function encodeChunkHeader({ pieceIndex = 0, offset = 0, data }: ChunkInit): Buffer {
  const header = Buffer.allocUnsafe(CHUNK_HEADER_BYTES_MAX);
  const dataBytes = data?.byteLength ?? 0;
  let end = 0;
  if (pieceIndex !== 0) end = writeField(header, end, (PIECE_INDEX_FIELD << 3) | WireType.Varint, pieceIndex);
  if (offset !== 0) end = writeField(header, end, (OFFSET_FIELD << 3) | WireType.Varint, offset);
  if (dataBytes !== 0) end = writeField(header, end, (DATA_FIELD << 3) | WireType.LengthDelimited, dataBytes);
  return header.subarray(0, end);
}

function writeField(target: Uint8Array, start: number, tag: number, value: number): number {
  assert(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, `uint32 ${value}`);
  target[start] = tag;
  let end = start + 1;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) {
    target[end] = (rest & 0x7f) | 0x80;
    end += 1;
  }
  target[end] = rest;
  return end + 1;
}

function decodeChunk(bytes: Uint8Array): Chunk {
  const reader = new BinaryReader(bytes);
  let pieceIndex = 0;
  let offset = 0;
  let data = bytes.subarray(0, 0);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    switch (field) {
      case PIECE_INDEX_FIELD:
        expectWireType(wireType, WireType.Varint, field);
        pieceIndex = reader.uint32();
        break;
      case OFFSET_FIELD:
        expectWireType(wireType, WireType.Varint, field);
        offset = reader.uint32();
        break;
      case DATA_FIELD:
        expectWireType(wireType, WireType.LengthDelimited, field);
        data = reader.bytes();
        break;
      default:
        reader.skip(wireType, field);
    }
  }
  return { $typeName: "piecewise.v1.GetPieceResponse", pieceIndex, offset, data };
}

function expectWireType(found: WireType, expected: WireType, field: number): void {
  if (found !== expected) throw new RangeError(`field ${field} has wire type ${found} instead of ${expected}`);
}
