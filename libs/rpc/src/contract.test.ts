import { once } from "node:events";
import { createError, GrpcCode, KIB, MIB, silentLogger } from "@piecewise/base";
import { PeerService } from "@piecewise/contract";
import { describe, expect, test } from "vitest";
import { chunkCodec } from "./chunk-codec.js";
import { implementService } from "./implement-service.js";
import type { EncodedMessage } from "./message-codec.js";
import { startRpcServer } from "./server.js";
import { DynamicClient, type PlainMessage } from "./testing/dynamic-client.js";
import { idlePeer, startFakePeer } from "./testing/fake-peer.js";

// Clients here read the .proto files with another library: what they understand, any client does.
const PEER = "piecewise.v1.PeerService";

async function readAll(stream: AsyncIterable<unknown>): Promise<PlainMessage[]> {
  const messages: PlainMessage[] = [];
  for await (const message of stream) messages.push(message as PlainMessage);
  return messages;
}

describe("a client of another make", () => {
  test("gets a unary answer", async () => {
    const peerId = new Uint8Array(16).fill(5);
    await using server = await startFakePeer({ identify: ({ nonce }) => ({ peerId, nonce, contentCount: 7 }) });
    using client = new DynamicClient(server.address);
    const answer = await client.unary(PEER, "Identify", { nonce: Buffer.from("hello") });
    expect(answer).toEqual({ other_peer_ids: [], peer_id: Buffer.from(peerId), nonce: Buffer.from("hello"), content_count: 7 });
  });

  test("gets chunks of any size as they were sent", async () => {
    const sizes = [0, 1, 127, 128, 64 * KIB, 512 * KIB, MIB];
    const chunks = sizes.map((bytes, index) => ({
      pieceIndex: index === 0 ? 0 : 2 ** 32 - index,
      offset: index * 1000,
      data: new Uint8Array(bytes).map((_, at) => (at * 31 + index) & 0xff),
    }));
    await using server = await startFakePeer({
      async getPiece(_request, _context, stream) {
        for (const chunk of chunks) if (!stream.write(chunk)) await stream.drained();
      },
    });
    using client = new DynamicClient(server.address);
    const received = await readAll(client.serverStream(PEER, "GetPiece", { content_id: "x" }));
    expect(received.length).toBe(sizes.length);
    for (const [index, { piece_index, offset, data }] of received.entries()) {
      expect({ piece_index, offset }).toEqual({ piece_index: chunks[index]?.pieceIndex, offset: chunks[index]?.offset });
      expect(Buffer.compare(data as Buffer, chunks[index]?.data ?? Buffer.alloc(0))).toBe(0);
    }
  });

  test("sends every kind of field", async () => {
    const requests: unknown[] = [];
    await using server = await startFakePeer({
      async getPiece({ contentId, pieceIndex, pieceCount, offset, length, caller }) {
        requests.push({ contentId, pieceIndex, pieceCount, offset, length, peerId: caller?.peerId, port: caller?.port });
      },
    });
    using client = new DynamicClient(server.address);
    const caller = { peer_id: Buffer.from([1, 2, 3]), port: 65_535 };
    await readAll(client.serverStream(PEER, "GetPiece", { content_id: "ü", piece_index: 4294967295, piece_count: 2, offset: 3, length: 4, caller }));
    expect(requests).toEqual([
      { contentId: "ü", pieceIndex: 4294967295, pieceCount: 2, offset: 3, length: 4, peerId: new Uint8Array([1, 2, 3]), port: 65_535 },
    ]);
  });

  test("gets the canonical code and the text of an error, and headers when the handler says so", async () => {
    await using server = await startFakePeer({
      async watchPieces(_request, _context, stream) {
        stream.sendHeaders();
        await Promise.resolve();
        throw createError("NOT_OFFERED", 'piece 3 is not offered: "100 %" ü');
      },
    });
    using client = new DynamicClient(server.address);
    const stream = client.serverStream(PEER, "WatchPieces", {});
    const error = once(stream, "error");
    await once(stream, "metadata");
    expect((await error)[0]).toMatchObject({ code: GrpcCode.FAILED_PRECONDITION, details: 'piece 3 is not offered: "100 %" ü' });
  });

  test("hears that an unknown method is not implemented", async () => {
    await using server = await startFakePeer();
    using client = new DynamicClient(server.address);
    await expect(client.unary("piecewise.v1.TrackerService", "GetStats", {})).rejects.toMatchObject({ code: GrpcCode.UNIMPLEMENTED });
  });
});

test("grpc-js asks of an encoded message no more than its length and to copy itself", async () => {
  const asked = new Set<PropertyKey>();
  const watched = (message: EncodedMessage): EncodedMessage =>
    new Proxy(message, {
      get(target, key) {
        asked.add(key);
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const codec = { ...chunkCodec, encode: (chunk: Parameters<typeof chunkCodec.encode>[0]) => watched(chunkCodec.encode(chunk)) };
  const handlers = {
    ...idlePeer,
    async getPiece(_request: unknown, _context: unknown, stream: { write(chunk: { data: Uint8Array }): boolean }) {
      stream.write({ data: new Uint8Array(MIB).fill(9) });
    },
  };
  const services = [implementService(PeerService, handlers, { getPiece: codec })];
  await using server = await startRpcServer({ listen: { host: "127.0.0.1", port: 0 }, services, logger: silentLogger });
  using client = new DynamicClient(server.address);
  const [chunk] = await readAll(client.serverStream(PEER, "GetPiece", {}));
  expect(Buffer.alloc(MIB, 9).equals(chunk?.["data"] as Buffer)).toBe(true);
  expect(asked).toEqual(new Set(["byteLength", "copy"]));
});
