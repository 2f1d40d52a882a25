import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chunkCodec } from "./chunk-codec.js";
import { FramedChunk } from "./framed-chunk.js";
import { deferred, openTestClient, startFakePeer } from "./testing/fake-peer.js";

const CHUNK_BYTES = 512 * 1024;

const memoryOf = ({ data }: FramedChunk): ArrayBufferLike => data.buffer;

test("its frame is what the codec makes of the same chunk", () => {
  const uint32 = fc.nat({ max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(uint32, uint32, fc.uint8Array({ maxLength: 300 }), (pieceIndex, offset, data) => {
      const chunk = new FramedChunk(pieceIndex, offset, data.length);
      chunk.data.set(data);
      const frame = chunk.toFrame();
      const encoded = chunkCodec.encode({ pieceIndex, offset, data });
      const message = Buffer.alloc(encoded.byteLength);
      encoded.copy(message);
      expect(frame.readUInt8(0)).toBe(0);
      expect(frame.readUInt32BE(1)).toBe(message.length);
      expect(frame.subarray(5)).toEqual(message);
    }),
  );
});

test("its memory is used again after it was given back", () => {
  const first = new FramedChunk(0, 0, CHUNK_BYTES);
  expect(memoryOf(new FramedChunk(0, 0, CHUNK_BYTES))).not.toBe(memoryOf(first));
  first[Symbol.dispose]();
  expect(memoryOf(new FramedChunk(1, 0, CHUNK_BYTES))).toBe(memoryOf(first));
});

// What these two tell fails when grpc-js changes inside, where the faster ways of sending and receiving take hold.
test("servers send its memory as it is, and give it back when it was sent", async () => {
  const chunks: FramedChunk[] = [];
  const framesMade: Buffer[] = [];
  await using server = await startFakePeer({
    async getPiece(_request, _context, stream) {
      for (let pieceIndex = 0; pieceIndex < 20; pieceIndex += 1) {
        const chunk = new FramedChunk(pieceIndex, 0, CHUNK_BYTES);
        chunk.data.fill(pieceIndex);
        const { toFrame } = chunk;
        chunk.toFrame = () => {
          const frame = toFrame.call(chunk);
          framesMade.push(frame);
          return frame;
        };
        chunks.push(chunk);
        if (!stream.write(chunk)) await stream.drained();
      }
    },
  });
  using client = openTestClient(server.address, "bulk");
  const ended = deferred<unknown>();
  const received: [pieceIndex: number, isRight: boolean][] = [];
  client.peer.getPiece({}, {
    onMessage: ({ pieceIndex, data }) => void received.push([pieceIndex, data.length === CHUNK_BYTES && data.every((byte) => byte === pieceIndex)]),
    onEnd: ended.resolve,
  });
  expect(await ended.promise).toBeUndefined();
  expect(received).toEqual(chunks.map((_, index) => [index, true]));
  expect(framesMade).toHaveLength(chunks.length);
  expect(new Set(chunks.map(({ data }) => data.buffer)).size).toBeLessThan(chunks.length / 2);
});

test("clients put chunks of the usual size together in memory that can be used again", async () => {
  await using server = await startFakePeer({
    async getPiece(_request, _context, stream) {
      stream.write({ data: new Uint8Array(CHUNK_BYTES).fill(9) });
    },
  });
  using client = openTestClient(server.address, "bulk");
  const ended = deferred<unknown>();
  const sizes: number[] = [];
  client.peer.getPiece({}, { onMessage: ({ data }) => void sizes.push(data.buffer.byteLength), onEnd: ended.resolve });
  expect(await ended.promise).toBeUndefined();
  expect(sizes).toEqual([CHUNK_BYTES + 24]);
});
