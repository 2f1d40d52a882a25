// Serves one file over HTTP: node file-server.js HOST FILE. It prints where it listens, as a line of JSON.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { MIB } from "@piecewise/base";

const READ_BYTES = MIB;

const [host, path] = process.argv.slice(2) as [string, string];
const server = createServer((_request, response) => {
  response.setHeader("Content-Length", statSync(path).size);
  createReadStream(path, { highWaterMark: READ_BYTES }).pipe(response);
});
server.listen(0, host, () => console.log(JSON.stringify({ event: "listening", port: (server.address() as AddressInfo).port })));
