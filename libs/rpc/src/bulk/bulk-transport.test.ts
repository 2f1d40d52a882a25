import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { credentials } from "@grpc/grpc-js";
import transport from "@grpc/grpc-js/build/src/transport.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BulkSockets } from "./bulk-sockets.js";
import { connectInBulk } from "./bulk-transport.js";
import { frameHeader } from "./http2-frames.js";

const SETTINGS = frameHeader(0, 4, 0, 0);
const GOAWAY = Buffer.concat([frameHeader(8, 7, 0, 0), Buffer.alloc(8)]);

let server: Server;
let greeting: Buffer;
const sockets = new Set<Socket>();

beforeEach(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write(greeting);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const plaintext = {
  waitForReady: () => Promise.resolve(),
  connect: (socket: Socket) => Promise.resolve({ socket, secure: false }),
  getCallCredentials: () => credentials.createEmpty(),
  destroy() {},
};

/** A connection as a channel makes one before it begins calls. */
function connect(): Promise<{ shutdown(): void }> {
  const address = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  const connector = new transport.Http2SubchannelConnector({ scheme: "dns", path: `127.0.0.1:${address.port}` });
  return connector.connect(address, plaintext, connectInBulk(new BulkSockets()));
}

// grpc-js begins calls anew on a connection that it takes for alive, without a pause in which a timer could end that.
test("a server that leaves as soon as it has come is no connection", async () => {
  greeting = Buffer.concat([SETTINGS, GOAWAY]);
  await expect(connect()).rejects.toThrow("closed as soon as it was made");

  greeting = SETTINGS;
  const connection = await connect();
  connection.shutdown();
});
