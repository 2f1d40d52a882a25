import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { Host, Network } from "./network.js";

const ADDRESS = "127.0.0.1";

/** Every host is this machine's own loopback. */
export function openLoopback(hostCount: number): Network {
  const host: Host = { address: ADDRESS, enter: [], pickPort: pickFreePort, sent: async () => undefined };
  return {
    trackerHost: host,
    hosts: Array.from({ length: hostCount }, () => host),
    sent: async () => undefined,
    async [Symbol.asyncDispose]() {},
  };
}

/** Some programs do not say which port they got for 0. */
async function pickFreePort(): Promise<number> {
  const server = createServer().listen(0, ADDRESS);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
