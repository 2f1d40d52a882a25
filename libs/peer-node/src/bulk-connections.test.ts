import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { BulkConnections, connectionsFor, FAR_CONNECTIONS_MAX } from "./bulk-connections.js";

/** A host that takes every connection and never says a word. */
async function startSilentHost() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on("error", () => {}).resume())).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const listener = { onMessage() {}, onEnd() {} };

test("a peer nearby is asked through one connection", async () => {
  await using host = await startSilentHost();
  const connections = new BulkConnections(host.address);
  connections.answeredAfter(5);
  for (let pieceIndex = 0; pieceIndex < 6; pieceIndex += 1) connections.getPiece({ pieceIndex }, listener);
  await vi.waitFor(() => expect(host.sockets).toHaveLength(1));
  connections.close();
  await vi.waitFor(() => expect(host.sockets.every(({ destroyed }) => destroyed)).toBe(true));
  expect(host.sockets).toHaveLength(1);
});

test("one that is far away through several, which are all closed in the end", async () => {
  await using host = await startSilentHost();
  const connections = new BulkConnections(host.address);
  connections.answeredAfter(150);
  for (let pieceIndex = 0; pieceIndex < 6; pieceIndex += 1) connections.getPiece({ pieceIndex }, listener);
  await vi.waitFor(() => expect(host.sockets).toHaveLength(FAR_CONNECTIONS_MAX));
  connections.close();
  await vi.waitFor(() => expect(host.sockets.every(({ destroyed }) => destroyed)).toBe(true));
});

test("a connection that has nothing to do any more is used before another is made", async () => {
  await using host = await startSilentHost();
  const connections = new BulkConnections(host.address);
  connections.answeredAfter(150);
  for (let turn = 0; turn < 5; turn += 1) connections.getPiece({ pieceIndex: turn }, listener).cancel();
  connections.getPiece({ pieceIndex: 5 }, listener);
  await vi.waitFor(() => expect(host.sockets).toHaveLength(1));
  connections.close();
});

test("three round trips of 20 ms make a peer far away, those of a local network do not", () => {
  expect([connectionsFor(3), connectionsFor(30), connectionsFor(60)]).toEqual([1, 1, FAR_CONNECTIONS_MAX]);
});
