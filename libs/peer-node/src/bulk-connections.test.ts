import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { parseHostPort } from "@piecewise/base";
import { expect, test, vi } from "vitest";
import { BulkConnections, connectionsFor, FAR_CONNECTIONS_MAX } from "./bulk-connections.js";
import { aborted, startFakePeer } from "./testing/fake-peer.js";

const quiet = { onMessage() {}, onEnd() {} };

/** Passes on what goes to and from a peer, and shows the connections that are made to it. */
async function startRelay(peer: string) {
  const { port } = parseHostPort(peer, "the peer");
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.pipe(connect(port, "127.0.0.1").on("error", () => {})).pipe(socket).on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

test("a peer is far away if not one of several answers was quick", () => {
  const connections = [
    { count: 0, quickest: Number.POSITIVE_INFINITY },
    { count: 2, quickest: 60 },
    { count: 3, quickest: 60 },
    { count: 30, quickest: 19 },
  ].map(connectionsFor);
  expect(connections).toEqual([1, 1, FAR_CONNECTIONS_MAX, 1]);
});

test("a connection that is made before it is needed is the one that is used", async () => {
  await using peer = await startFakePeer({ getPiece: async (_request, _context, stream) => stream.sendHeaders() });
  await using between = await startRelay(peer.address);
  const connections = new BulkConnections(between.address);
  connections.connect();
  await vi.waitFor(() => expect(between.sockets).toHaveLength(1));
  await new Promise((resolve) => connections.getPiece({}, { onMessage() {}, onEnd: resolve }));
  expect(between.sockets).toHaveLength(1);
  connections.close();
});

test("before anything is known of a peer it is asked through one connection, which is closed in the end", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on("error", () => {}).resume())).listen(0, "127.0.0.1");
  await once(server, "listening");
  const connections = new BulkConnections(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  for (let pieceIndex = 0; pieceIndex < 6; pieceIndex += 1) connections.getPiece({ pieceIndex }, quiet);
  await vi.waitFor(() => expect(sockets).toHaveLength(1));
  connections.close();
  await vi.waitFor(() => expect(sockets.every(({ destroyed }) => destroyed)).toBe(true));
  await new Promise((resolve) => server.close(resolve));
  expect(sockets).toHaveLength(1);
});

test.each([
  { name: "far", answerMs: 30, expected: FAR_CONNECTIONS_MAX },
  { name: "near", answerMs: 5, expected: 1 },
])("a peer that is $name is asked for six pieces at once through $expected of them", async ({ answerMs, expected }) => {
  await using peer = await startFakePeer({
    async getPiece({ pieceIndex }, { signal }, stream) {
      stream.sendHeaders();
      if (pieceIndex > 0) await aborted(signal);
    },
  });
  await using between = await startRelay(peer.address);
  let nowMs = 0;
  const connections = new BulkConnections(between.address, () => (nowMs += answerMs));
  for (let calls = 0; calls < 3; calls += 1) {
    await new Promise((resolve) => connections.getPiece({}, { onMessage() {}, onEnd: resolve }));
  }
  const granted = Array.from({ length: 6 }, () => new Promise<void>((onHeaders) => connections.getPiece({ pieceIndex: 1 }, { ...quiet, onHeaders })));
  await Promise.all(granted);
  expect(between.sockets).toHaveLength(expected);
  connections.close();
});
