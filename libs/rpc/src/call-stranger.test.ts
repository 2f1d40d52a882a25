import { once } from "node:events";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { parseHostPort, RemoteError } from "@piecewise/base";
import { PeerService } from "@piecewise/contract";
import { describe, expect, test } from "vitest";
import { callStranger } from "./call-stranger.js";
import { startFakePeer } from "./testing/fake-peer.js";

const NONCE = Uint8Array.of(1, 2, 3);
const ANSWER_BYTES_MAX = 100;

const identify = (address: string, timeoutMs = 10_000, signal?: AbortSignal) =>
  callStranger(PeerService.method.identify, { nonce: NONCE }, {
    address: parseHostPort(address, "the stranger"),
    timeoutMs,
    answerBytesMax: ANSWER_BYTES_MAX,
    signal,
  });

/** A server of anything on loopback; `gone` resolves when the first connection has ended. */
async function listen(server: Server): Promise<{ address: string; gone: Promise<unknown> } & AsyncDisposable> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets: Socket[] = [];
  const gone = new Promise((resolve) => {
    server.on("connection", (socket: Socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.on("close", resolve);
    });
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    gone,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** HTTP/2 that answers each request as it is told to. */
const listenHttp2 = (answer: (stream: ServerHttp2Stream) => void) => {
  const server = createHttp2Server();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    answer(stream);
  });
  return listen(server as unknown as Server);
};

/** A message, and the status after it. */
const answerWith = (frame: Uint8Array, status: string | undefined = "0") => (stream: ServerHttp2Stream) => {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(status === undefined ? {} : { "grpc-status": status }));
  stream.end(Buffer.from(frame));
};

describe("an answer", () => {
  test("comes back, and the connection goes", async () => {
    await using server = await startFakePeer({ identify: ({ nonce }) => ({ nonce, peerId: new Uint8Array(16), contentCount: 3 }) });
    expect(await identify(server.address)).toMatchObject({ nonce: NONCE, peerId: new Uint8Array(16), contentCount: 3 });
    // It would wait for a connection that is open.
    await server.close({ drainMs: 3_600_000 });
  });

  test("is read from any server of HTTP/2", async () => {
    await using server = await listenHttp2(answerWith(Uint8Array.of(0, 0, 0, 0, 2, 0x18, 7)));
    expect(await identify(server.address)).toMatchObject({ contentCount: 7 });
    await server.gone;
  });
});

describe("no answer", () => {
  test("is an error", async () => {
    await using server = await startFakePeer({
      identify() {
        throw new RemoteError("BUSY", "not now");
      },
    });
    expect(await identify(server.address)).toBeUndefined();
  });

  test("is nobody who listens", async () => {
    const server = await listen(createServer());
    await server[Symbol.asyncDispose]();
    expect(await identify(server.address)).toBeUndefined();
  });

  test.each<[what: string, frame: Uint8Array, status?: string]>([
    ["a message that is cut off", Uint8Array.of(0, 0, 0, 0, 3, 0x18, 7)],
    ["two messages", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ["a compressed message", Uint8Array.of(1, 0, 0, 0, 2, 0x18, 7)],
    ["bytes that are no such message", Uint8Array.of(0, 0, 0, 0, 1, 0xff)],
    ["half a prefix", Uint8Array.of(0, 0)],
    ["an error after a message", Uint8Array.of(0, 0, 0, 0, 0), "8"],
    ["nothing", Uint8Array.of()],
    ["more than is taken", Buffer.concat([Uint8Array.of(0, 0, 0, 1, 0, 0x0a, 0xfd, 1), Buffer.alloc(253)])],
  ])("is %s", async (_what, frame, status) => {
    await using server = await listenHttp2(answerWith(frame, status));
    expect(await identify(server.address)).toBeUndefined();
    await server.gone;
  });

  test("is bytes without end", async () => {
    await using server = await listenHttp2((stream) => {
      stream.respond({ ":status": 200 });
      const more = (): void => {
        if (!stream.destroyed) stream.write(Buffer.alloc(16_384), more);
      };
      more();
    });
    expect(await identify(server.address)).toBeUndefined();
    await server.gone;
  });

  test.each<[what: string, hello: string]>([
    ["silence", ""],
    ["another protocol", "220 mail.example ESMTP\r\n"],
  ])("is %s, and nothing stays open", async (_what, hello) => {
    await using server = await listen(createServer((socket) => void socket.resume().write(hello)));
    expect(await identify(server.address, 200)).toBeUndefined();
    await server.gone;
  });

  test("is what somebody did not wait for", async () => {
    await using server = await listen(createServer());
    const leaving = new AbortController();
    const answer = identify(server.address, 60_000, leaving.signal);
    leaving.abort();
    expect(await answer).toBeUndefined();
    expect(await identify(server.address, 60_000, leaving.signal)).toBeUndefined();
  });
});
