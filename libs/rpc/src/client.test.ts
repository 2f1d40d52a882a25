import { once } from "node:events";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer } from "node:net";
import { gzipSync } from "node:zlib";
import { CancelledError, createError, KIB, MIB, type PiecewiseError, RemoteError, silentLogger } from "@piecewise/base";
import { PeerService } from "@piecewise/contract";
import { describe, expect, test } from "vitest";
import { openChannel } from "./channel.js";
import { createClient } from "./client.js";
import type { StreamListener } from "./server-stream-call.js";
import { implementService } from "./implement-service.js";
import { startRpcServer } from "./server.js";
import { aborted, deferred, idlePeer, openTestClient, startFakePeer, until } from "./testing/fake-peer.js";

/** Collects what a stream delivers; `end` resolves with its error. */
function recorder<Message>(onMessage: (message: Message) => void = () => {}) {
  const end = deferred<PiecewiseError | undefined>();
  const seen: string[] = [];
  const messages: Message[] = [];
  const listener: StreamListener<Message> = {
    onHeaders: () => seen.push("headers"),
    onMessage(message) {
      seen.push("message");
      messages.push(message);
      onMessage(message);
    },
    onEnd(error) {
      seen.push("end");
      end.resolve(error);
    },
  };
  return { listener, seen, messages, end: end.promise };
}

const chunkOf = (bytes: number, offset = 0) => ({ pieceIndex: 1, offset, data: new Uint8Array(bytes).fill(offset) });

describe("unary calls", () => {
  test("resolve with the answer", async () => {
    await using server = await startFakePeer({ identify: ({ nonce }) => ({ nonce, contentCount: 3 }) });
    using client = openTestClient(server.address);
    const answer = await client.peer.identify({ nonce: new Uint8Array([1, 2]) }, { timeoutMs: 5_000 });
    // Plain bytes on both sides, not a Buffer, whose slice() is no copy.
    expect(answer).toMatchObject({ nonce: new Uint8Array([1, 2]), contentCount: 3 });
  });

  test("show whether the other side is on this machine", async () => {
    await using server = await startFakePeer();
    using client = openTestClient(server.address);
    expect(client.channel.isOnLoopback).toBe(false);
    await client.peer.identify({}, { timeoutMs: 5_000 });
    expect(client.channel.isOnLoopback).toBe(true);
  });

  test("fail with the code, the wait and the remote of the answer", async () => {
    await using server = await startFakePeer({
      exchangePeers: () => Promise.reject(createError("BUSY", "asked too often", { retryAfterMs: 700 })),
    });
    using client = openTestClient(server.address);
    const error = await client.peer.exchangePeers({}, { timeoutMs: 5_000 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ code: "BUSY", retryAfterMs: 700, remote: server.address });
  });

  test("end at their deadline, which the handler learns of", async () => {
    const left = deferred();
    await using server = await startFakePeer({
      async identify(_request, { signal }) {
        await aborted(signal);
        left.resolve();
        return {};
      },
    });
    using client = openTestClient(server.address);
    await expect(client.peer.identify({}, { timeoutMs: 50 })).rejects.toMatchObject({ code: "TIMED_OUT", remote: server.address });
    await left.promise;
  });

  test("end when their signal is aborted, which the handler learns of", async () => {
    const arrived = deferred();
    const left = deferred();
    await using server = await startFakePeer({
      async identify(_request, { signal }) {
        arrived.resolve();
        await aborted(signal);
        left.resolve();
        return {};
      },
    });
    using client = openTestClient(server.address);
    const controller = new AbortController();
    const answer = client.peer.identify({}, { timeoutMs: 60_000, signal: controller.signal });
    await arrived.promise;
    controller.abort();
    await expect(answer).rejects.toBeInstanceOf(CancelledError);
    await left.promise;
    await expect(client.peer.identify({}, { timeoutMs: 60_000, signal: controller.signal })).rejects.toBeInstanceOf(CancelledError);
  });

  test.each([
    ["peer", "PEER_UNREACHABLE"],
    ["tracker", "TRACKER_UNREACHABLE"],
  ] as const)("name a %s that nobody answers for", async (remote, code) => {
    const server = await startFakePeer();
    await server.close();
    const channel = openChannel(server.address, { purpose: "control", remote });
    const error = await createClient(PeerService, channel)
      .identify({}, { timeoutMs: 20_000 })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, remote: server.address, retryable: true });
    expect((error as Error).message).toBe(
      `cannot reach ${remote} ${server.address} (connect ECONNREFUSED ${server.address}); check that it runs and that the address is right`,
    );
    channel.close();
  });

  test("fail when something else than gRPC answers", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    using client = openTestClient(`127.0.0.1:${port}`);
    await expect(client.peer.identify({}, { timeoutMs: 20_000 })).rejects.toMatchObject({ code: "PEER_UNREACHABLE" });
    server.close();
  });
});

describe("server streams", () => {
  test("deliver headers, every message in order, and then the end", async () => {
    await using server = await startFakePeer({
      async getPiece(_request, _context, stream) {
        stream.sendHeaders();
        for (let offset = 0; offset < 40; offset += 1) if (!stream.write(chunkOf(64 * KIB, offset))) await stream.drained();
      },
    });
    using client = openTestClient(server.address, "bulk");
    const { listener, seen, messages, end } = recorder<{ offset: number; data: Uint8Array }>();
    client.peer.getPiece({}, listener);
    expect(await end).toBeUndefined();
    expect(seen).toEqual(["headers", ...messages.map(() => "message"), "end"]);
    expect(messages.map(({ offset }) => offset)).toEqual(Array.from({ length: 40 }, (_, index) => index));
    for (const { offset, data } of messages) expect(data.every((byte) => byte === offset)).toBe(true);
  });

  test("deliver large chunks that own their memory but for a small header", async () => {
    await using server = await startFakePeer({
      async getPiece(_request, _context, stream) {
        for (const bytes of [256 * KIB, MIB]) if (!stream.write(chunkOf(bytes))) await stream.drained();
      },
    });
    using client = openTestClient(server.address, "bulk");
    const { listener, messages, end } = recorder<{ data: Uint8Array }>();
    client.peer.getPiece({}, listener);
    expect(await end).toBeUndefined();
    expect(messages.map(({ data }) => data.byteLength)).toEqual([256 * KIB, MIB]);
    for (const { data } of messages) expect(data.buffer.byteLength - data.byteLength).toBeLessThan(32);
  });

  test("deliver what came before an error", async () => {
    await using server = await startFakePeer({
      async watchPieces(_request, _context, stream) {
        stream.write({ goingAway: true });
        await Promise.resolve();
        throw createError("GOING_AWAY", "shutting down");
      },
    });
    using client = openTestClient(server.address);
    const { listener, seen, end } = recorder();
    client.peer.watchPieces({}, listener);
    expect(await end).toMatchObject({ code: "GOING_AWAY", remote: server.address });
    expect(seen).toEqual(["headers", "message", "end"]);
  });

  test("are silent after cancel, and the handler learns of it", async () => {
    const left = deferred();
    await using server = await startFakePeer({
      async watchPieces(_request, { signal }, stream) {
        stream.write({});
        await aborted(signal);
        left.resolve();
      },
    });
    using client = openTestClient(server.address);
    const first = deferred();
    const { listener, seen } = recorder(() => first.resolve());
    const stream = client.peer.watchPieces({}, listener);
    await first.promise;
    stream.cancel();
    stream.resume();
    await left.promise;
    // Another call on the same channel: whatever the cancelled one had to say would have come before its answer.
    await client.peer.identify({}, { timeoutMs: 5_000 });
    expect(seen).toEqual(["headers", "message"]);
  });

  test("deliver nothing while paused, and all of it afterwards", async () => {
    await using server = await startFakePeer({
      async watchPieces(_request, _context, stream) {
        for (let first = 0; first < 5; first += 1) stream.write({ added: [{ first, count: 1 }] });
      },
    });
    using client = openTestClient(server.address);
    const { listener, messages, seen, end } = recorder<{ added: { first: number }[] }>(() => stream.pause());
    const stream = client.peer.watchPieces({}, listener);
    stream.pause();
    for (let delivered = 0; delivered < 5; delivered += 1) {
      // By the time of this answer anything that was on its way to the stream has arrived.
      await client.peer.identify({}, { timeoutMs: 5_000 });
      expect(messages.length).toBe(delivered);
      expect(seen).not.toContain("end");
      stream.resume();
      await until(() => messages.length > delivered);
    }
    stream.resume();
    expect(await end).toBeUndefined();
    expect(messages.map(({ added }) => added[0]?.first)).toEqual([0, 1, 2, 3, 4]);
  });

  test("report bytes that are no such message as the fault of the remote, and stop", async () => {
    const left = deferred();
    const garbled = implementService(
      PeerService,
      {
        ...idlePeer,
        async getPiece(_request, { signal }, stream) {
          stream.write({});
          await aborted(signal);
          left.resolve();
        },
      },
      {
        identify: { encode: () => Buffer.from([0x0a, 0x50]), decode: () => ({}) as never },
        getPiece: { encode: () => Buffer.from([0x0a, 0x50]), decode: () => ({}) as never },
      },
    );
    await using server = await startRpcServer({ listen: { host: "127.0.0.1", port: 0 }, services: [garbled], logger: silentLogger });
    using client = openTestClient(server.address, "bulk");
    const { listener, seen, end } = recorder();
    client.peer.getPiece({}, listener);
    expect(await end).toMatchObject({ code: "PROTOCOL_VIOLATION", remote: server.address });
    expect(seen).toEqual(["headers", "end"]);
    await left.promise;
    await expect(client.peer.identify({}, { timeoutMs: 5_000 })).rejects.toMatchObject({ code: "PROTOCOL_VIOLATION" });
  });

  test("refuse a chunk above the largest", async () => {
    await using server = await startFakePeer({
      async getPiece(_request, _context, stream) {
        stream.write(chunkOf(MIB + 2 * KIB));
      },
    });
    using client = openTestClient(server.address, "bulk");
    const { listener, messages, end } = recorder();
    client.peer.getPiece({}, listener);
    // Not one that is busy, and is asked again later.
    expect(await end).toMatchObject({ code: "PROTOCOL_VIOLATION", remote: server.address });
    expect(messages).toEqual([]);
  });

  test("refuse one that is small only while it is compressed", async () => {
    const zipped = gzipSync(Buffer.alloc(64 * MIB));
    const header = Buffer.from([1, 0, 0, 0, 0]);
    header.writeUInt32BE(zipped.length, 1);
    const server = createHttp2Server().listen(0, "127.0.0.1");
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-encoding": "gzip" });
      stream.write(Buffer.concat([header, zipped]));
    });
    await once(server, "listening");
    const client = openTestClient(`127.0.0.1:${(server.address() as AddressInfo).port}`, "bulk");
    const { listener, messages, end } = recorder();
    client.peer.getPiece({}, listener);
    expect(await end).toMatchObject({ code: "PROTOCOL_VIOLATION" });
    expect(messages).toEqual([]);
    client[Symbol.dispose]();
    server.close();
  });
});

describe("channels", () => {
  test("closing one ends its calls and its connection, and later calls fail", async () => {
    const left = deferred();
    await using server = await startFakePeer({
      async watchPieces(_request, { signal }, stream) {
        stream.sendHeaders();
        await aborted(signal);
        left.resolve();
      },
    });
    const { peer, channel } = openTestClient(server.address);
    const headers = deferred();
    const { listener, end } = recorder();
    peer.watchPieces({}, { ...listener, onHeaders: () => headers.resolve() });
    await headers.promise;
    channel.close();
    channel.close();
    expect(await end).toBeInstanceOf(CancelledError);
    await left.promise;
    await expect(peer.identify({}, { timeoutMs: 5_000 })).rejects.toBeInstanceOf(CancelledError);
    const late = recorder();
    peer.watchPieces({}, late.listener);
    expect(late.seen).toEqual([]);
    expect(await late.end).toBeInstanceOf(CancelledError);
  });

  test("a paused bulk stream does not hold up control calls to the same address", async () => {
    await using server = await startFakePeer({
      identify: () => ({ contentCount: 9 }),
      async getPiece(_request, { signal }, stream) {
        while (!signal.aborted) if (!stream.write(chunkOf(MIB))) await stream.drained();
      },
    });
    using bulk = openTestClient(server.address, "bulk");
    using control = openTestClient(server.address, "control");
    const first = deferred();
    const stream = bulk.peer.getPiece({}, {
      onMessage() {
        stream.pause();
        first.resolve();
      },
      onEnd() {},
    });
    await first.promise;
    await expect(control.peer.identify({}, { timeoutMs: 5_000 })).resolves.toMatchObject({ contentCount: 9 });
    stream.cancel();
  });

  test("an address that is none is refused at once", () => {
    expect(() => openChannel("nonsense", { purpose: "control" })).toThrow(/HOST:PORT/);
  });
});
