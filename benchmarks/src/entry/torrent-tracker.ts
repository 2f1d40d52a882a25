// A BitTorrent tracker for one torrent: node torrent-tracker.js HOST. It prints where it listens, and every announcement, as lines of JSON.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { TrackerState } from "../torrent/tracker-state.js";

const [host] = process.argv.slice(2);
const state = new TrackerState();
const server = createServer((request, response) => {
  const query = new URL(request.url ?? "/", "http://tracker").searchParams;
  const address = (request.socket.remoteAddress ?? "").replace("::ffff:", "");
  const announcement = { address, port: Number(query.get("port")), left: Number(query.get("left")), event: query.get("event") ?? undefined };
  response.end(state.announce(announcement));
  console.log(JSON.stringify({ event: "announced", port: announcement.port, left: announcement.left }));
});
server.listen(0, host, () => console.log(JSON.stringify({ event: "listening", port: (server.address() as AddressInfo).port })));
