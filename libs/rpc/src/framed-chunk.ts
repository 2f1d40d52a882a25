import type { MessageInitShape } from "@bufbuild/protobuf";
import type { GetPieceResponseSchema } from "@piecewise/contract";
import { CHUNK_HEADER_BYTES_MAX, encodeChunkHeader } from "./chunk-codec.js";
import { FRAME_PREFIX_BYTES } from "./frame-assembler.js";
import { allocateFrame, releaseFrame } from "./frame-pool.js";

const HEADROOM_BYTES = FRAME_PREFIX_BYTES + CHUNK_HEADER_BYTES_MAX;

type ChunkInit = Pick<MessageInitShape<typeof GetPieceResponseSchema>, "pieceIndex" | "offset" | "data">;

/**
 * A chunk whose data lies in the very frame that goes out: what stands in front of it is written into the room left for it, and nothing is
 * copied. The writer of a stream disposes of it when it was sent.
 */
export class FramedChunk implements ChunkInit, Disposable {
  readonly pieceIndex: number;
  readonly offset: number;
  /** To be filled before the chunk is written. */
  readonly data: Buffer;
  readonly #memory: Buffer<ArrayBuffer>;

  constructor(pieceIndex: number, offset: number, dataBytes: number) {
    this.pieceIndex = pieceIndex;
    this.offset = offset;
    this.#memory = allocateFrame(HEADROOM_BYTES + dataBytes);
    this.data = this.#memory.subarray(HEADROOM_BYTES);
  }

  /** The message as gRPC sends it: a flag (not compressed), its length, and itself. */
  toFrame(): Buffer {
    const header = encodeChunkHeader(this);
    const start = HEADROOM_BYTES - header.length - FRAME_PREFIX_BYTES;
    this.#memory.writeUInt8(0, start);
    this.#memory.writeUInt32BE(header.length + this.data.length, start + 1);
    header.copy(this.#memory, start + FRAME_PREFIX_BYTES);
    return this.#memory.subarray(start);
  }

  /** Gives its memory back; call it once, when nobody reads it any longer. */
  [Symbol.dispose](): void {
    releaseFrame(this.#memory.buffer);
  }
}
