import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { AssertionError, KIB, type Logger, MIB, parseHostPort, silentLogger, UsageError } from "@piecewise/base";
import { PeerService } from "@piecewise/contract";
import { describe, expect, test } from "vitest";
import { openChannel } from "./channel.js";
import { createClient } from "./client.js";
import { startRpcServer } from "./server.js";
import { callUnary } from "./unary-call.js";
import { aborted, deferred, openTestClient, startFakePeer, until } from "./testing/fake-peer.js";

const listen = (host: string, port = 0) => startRpcServer({ listen: { host, port }, services: [], logger: silentLogger });

function recordingLogger() {
  const lines: { level: string; message: string; fields: object }[] = [];
  const at = (level: string) => (fields: object, message: string) => lines.push({ level, message, fields });
  const logger: Logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { lines, logger };
}

function connectTo(address: string): Promise<Socket> {
  const socket = connect(parseHostPort(address, "the address"));
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** How many things of a kind keep this process alive. */
const countOpen = (kind: RegExp): number => process.getActiveResourcesInfo().filter((type) => kind.test(type)).length;

describe("listening", () => {
  test.each(["127.0.0.1", "localhost", "0.0.0.0", "::1"])("on any port of %s says which", async (host) => {
    await using server = await listen(host);
    const { host: said, port } = parseHostPort(server.address, "the address");
    expect(said).toBe(host);
    expect(port).toBeGreaterThan(0);
    const reachable = host === "0.0.0.0" ? `127.0.0.1:${port}` : server.address;
    (await connectTo(reachable)).destroy();
  });

  test("on an address in use says so and what to do", async () => {
    await using server = await listen("127.0.0.1");
    const { port } = parseHostPort(server.address, "the address");
    const error = await listen("127.0.0.1", port).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ADDRESS_IN_USE", cause: { code: "EADDRINUSE" } });
    expect((error as Error).message).toMatch(new RegExp(`${server.address}.*another port`));
  });

  test.each([
    ["192.0.2.1", "no such address"],
    ["host.invalid", "host name"],
  ])("on %s fails with a clear sentence", async (host, why) => {
    const error = await listen(host).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect((error as Error).message).toContain(why);
  });
});

describe("what a caller is told", () => {
  test("of a request that cannot be read", async () => {
    await using server = await startFakePeer();
    const channel = openChannel(server.address, { purpose: "control" });
    const cutShort = Buffer.from([0x0a, 0x50]);
    const call = (method: string) =>
      callUnary(channel, `/piecewise.v1.PeerService/${method}`, cutShort, { decode: () => ({}) }, { timeoutMs: 5_000 });
    await expect(call("Identify")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(call("WatchPieces")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    channel.close();
  });

  test("of an unexpected error: nothing, but the log is", async () => {
    const { lines, logger } = recordingLogger();
    const secret = new Error("/home/me/secret");
    await using server = await startFakePeer({ identify: () => Promise.reject(secret), watchPieces: () => Promise.reject(secret) }, { logger });
    using client = openTestClient(server.address);
    const unary = await client.peer.identify({}, { timeoutMs: 5_000 }).catch((reason: unknown) => reason);
    const ended = deferred<unknown>();
    client.peer.watchPieces({}, { onMessage() {}, onEnd: ended.resolve });
    for (const error of [unary, await ended.promise]) {
      expect(error).toMatchObject({ code: "REMOTE_FAILED" });
      expect((error as Error).message).toContain("internal error");
      expect((error as Error).message).not.toContain("secret");
    }
    expect(lines).toMatchObject([
      { level: "error", fields: { error: secret, path: "/piecewise.v1.PeerService/Identify" } },
      { level: "error", fields: { error: secret, path: "/piecewise.v1.PeerService/WatchPieces" } },
    ]);
  });

  test("of a bug: nothing either, and the process ends", async () => {
    const bug = new AssertionError("piece 7 of 5");
    await using server = await startFakePeer({ identify: () => Promise.reject(bug) });
    using client = openTestClient(server.address);
    const guards = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const crash = new Promise((resolve) => process.once("uncaughtException", resolve));
    await expect(client.peer.identify({}, { timeoutMs: 5_000 })).rejects.toMatchObject({ code: "REMOTE_FAILED" });
    expect(await crash).toBe(bug);
    for (const guard of guards) process.on("uncaughtException", guard);
  });

  test("by a handler that knows where the caller is", async () => {
    const hosts: string[] = [];
    await using server = await startFakePeer({
      identify(_request, { remoteHost }) {
        hosts.push(remoteHost);
        return {};
      },
    });
    using client = openTestClient(server.address);
    await client.peer.identify({}, { timeoutMs: 5_000 });
    expect(hosts).toEqual(["127.0.0.1"]);
  });
});

describe("a reader that pauses", () => {
  test("holds the sender back, whose memory does not grow, and gets everything in the end", async () => {
    const count = 64;
    let written = 0;
    let refusals = 0;
    await using server = await startFakePeer({
      async getPiece(_request, { signal }, stream) {
        for (let offset = 0; offset < count && !signal.aborted; offset += 1) {
          const hasRoom = stream.write({ offset, data: new Uint8Array(MIB) });
          written += 1;
          if (hasRoom) continue;
          refusals += 1;
          await stream.drained();
        }
      },
    });
    using client = openTestClient(server.address, "bulk");
    using control = openTestClient(server.address);
    const received: number[] = [];
    const paused = deferred();
    const ended = deferred<unknown>();
    const stream = client.peer.getPiece({}, {
      onMessage({ offset }) {
        if (received.push(offset) > 1) return;
        stream.pause();
        paused.resolve();
      },
      onEnd: ended.resolve,
    });
    await paused.promise;
    for (let calls = 0; calls < 50; calls += 1) await control.peer.identify({}, { timeoutMs: 5_000 });
    // The window of the connection, what the sockets hold, and the two messages of the writer.
    expect(written).toBeLessThan(count / 2);
    expect(refusals).toBeGreaterThan(0);
    stream.resume();
    expect(await ended.promise).toBeUndefined();
    expect(received).toEqual(Array.from({ length: count }, (_, offset) => offset));
  });

  test("and leaves lets the sender go on to its end", async () => {
    const left = deferred<boolean>();
    await using server = await startFakePeer({
      async getPiece(_request, { signal }, stream) {
        while (!signal.aborted) if (!stream.write({ data: new Uint8Array(MIB) })) await stream.drained();
        left.resolve(stream.write({ data: new Uint8Array(1) }));
        await stream.drained();
      },
    });
    using client = openTestClient(server.address, "bulk");
    const stream = client.peer.getPiece({}, {
      onMessage() {
        stream.pause();
        setImmediate(stream.cancel);
      },
      onEnd() {},
    });
    expect(await left.promise).toBe(false);
  });
});

describe("limits", () => {
  test("more connections than it takes are closed as they come", async () => {
    const { lines, logger } = recordingLogger();
    await using server = await startFakePeer({}, { limits: { connectionsMax: 2 }, logger });
    const kept = [await connectTo(server.address), await connectTo(server.address)];
    const refused = await connectTo(server.address);
    await new Promise((resolve) => refused.resume().once("close", resolve));
    expect(lines).toMatchObject([{ level: "warn", fields: { connectionsMax: 2 } }]);
    for (const socket of kept) socket.destroy();
  });

  test("a request above the largest is refused", async () => {
    await using server = await startFakePeer({}, { limits: { requestBytesMax: KIB } });
    using client = openTestClient(server.address);
    await client.peer.identify({ nonce: new Uint8Array(KIB - 10) }, { timeoutMs: 5_000 });
    await expect(client.peer.identify({ nonce: new Uint8Array(KIB) }, { timeoutMs: 5_000 })).rejects.toMatchObject({ code: "BUSY" });
  });

  test("calls above the number for one connection wait", async () => {
    const release = deferred();
    const running = { now: 0, most: 0 };
    await using server = await startFakePeer(
      {
        async identify() {
          running.now += 1;
          running.most = Math.max(running.most, running.now);
          await release.promise;
          running.now -= 1;
          return {};
        },
      },
      { limits: { callsPerConnectionMax: 2 } },
    );
    using client = openTestClient(server.address);
    // The first call waits until the client has heard of the limit.
    await client.peer.exchangePeers({}, { timeoutMs: 5_000 });
    const calls = Array.from({ length: 6 }, () => client.peer.identify({}, { timeoutMs: 20_000 }));
    await until(() => running.now === 2);
    release.resolve();
    await Promise.all(calls);
    expect(running.most).toBe(2);
  });
});

describe("close", () => {
  test("lets calls in flight finish and refuses new ones", async () => {
    const arrived = deferred();
    const release = deferred();
    await using server = await startFakePeer({
      async getPiece(_request, _context, stream) {
        arrived.resolve();
        await release.promise;
        stream.write({ data: new Uint8Array(MIB) });
      },
    });
    using client = openTestClient(server.address, "bulk");
    const bytes = deferred<number>();
    client.peer.getPiece({}, { onMessage: ({ data }) => bytes.resolve(data.byteLength), onEnd() {} });
    await arrived.promise;
    const closed = server.close({ drainMs: 60_000 });
    await expect(connectTo(server.address)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await expect(client.peer.identify({}, { timeoutMs: 20_000 })).rejects.toMatchObject({ code: "PEER_UNREACHABLE" });
    release.resolve();
    expect(await bytes.promise).toBe(MIB);
    await closed;
  });

  test("ends what is left when the time is up", async () => {
    const arrived = deferred();
    const left = deferred();
    await using server = await startFakePeer({
      async watchPieces(_request, { signal }) {
        arrived.resolve();
        await aborted(signal);
        left.resolve();
      },
    });
    using client = openTestClient(server.address);
    const ended = deferred<unknown>();
    client.peer.watchPieces({}, { onMessage() {}, onEnd: ended.resolve });
    await arrived.promise;
    await server.close({ drainMs: 0 });
    expect(await ended.promise).toMatchObject({ code: "PEER_UNREACHABLE" });
    await left.promise;
  });

  test("ends connections that never said anything", async () => {
    await using server = await startFakePeer();
    const silent = await connectTo(server.address);
    const gone = once(silent.resume(), "close");
    // A server that gave them the time to drain would fail this test by its timeout.
    await server.close({ drainMs: 600_000 });
    expect(await gone).toEqual([false]);
  });

  test("twice is once, and leaves neither a socket nor a timer behind", async () => {
    await until(() => countOpen(/^TCP/) === 0);
    const timers = countOpen(/^Timeout/);
    const server = await startFakePeer();
    const client = openTestClient(server.address);
    await client.peer.identify({}, { timeoutMs: 60_000 });
    expect(countOpen(/^TCP/)).toBeGreaterThan(0);
    const closing = [server.close({ drainMs: 600_000 }), server.close(), server[Symbol.asyncDispose]()];
    client[Symbol.dispose]();
    await Promise.all(closing);
    await until(() => countOpen(/^TCP/) === 0);
    await until(() => countOpen(/^Timeout/) <= timers);
    await expect(connectTo(server.address)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("of a channel closes its connection at once", async () => {
    await using server = await startFakePeer();
    const accepted = deferred<Socket>();
    const relay = createServer((socket) => {
      accepted.resolve(socket);
      socket.pipe(connect(parseHostPort(server.address, "the address"))).pipe(socket);
    });
    await once(relay.listen(0, "127.0.0.1"), "listening");
    const { port } = relay.address() as AddressInfo;
    const channel = openChannel(`127.0.0.1:${port}`, { purpose: "control" });
    await createClient(PeerService, channel).identify({}, { timeoutMs: 5_000 });
    const connection = await accepted.promise;
    expect(connection.closed).toBe(false);
    const closed = once(connection, "close");
    channel.close();
    await closed;
    relay.close();
  });
});
