import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DynamicPeer } from "./testing/dynamic-peer.js";
import { DynamicTracker } from "./testing/dynamic-tracker.js";
import { type TrackerNode, startTrackerNode } from "./tracker-node.js";

const content_id = `sha256:${"c".repeat(64)}`;
const contents = [{ content_id, name: "film", total_bytes: 10, piece_length: 1, entry_count: 1, progress: { pieces_held: 10 } }];
const UNREACHABLE = { listed_address: "", reachability: "REACHABILITY_UNREACHABLE" };

let node: TrackerNode;
let tracker: DynamicTracker;
let honest: DynamicPeer;
beforeAll(async () => {
  node = await startTrackerNode({ listen: { host: "127.0.0.1", port: 0 }, leaseMs: 30_000 });
  tracker = new DynamicTracker(node.address);
  honest = await DynamicPeer.start();
  await tracker.call("Register", { peer_id: honest.peer_id, port: honest.port, contents });
});
afterAll(async () => {
  tracker[Symbol.dispose]();
  honest[Symbol.dispose]();
  await node.close();
});

const listed = () => tracker.call("Lookup", { content_id });
/** Nobody was added, and nobody displaced. */
const expectOnlyHonest = async () => {
  expect(await listed()).toMatchObject({ contents: [{ seed_count: 1, leecher_count: 0 }], peers: [{ address: honest.address, peer_id: honest.peer_id }] });
};

async function listenOnLoopback(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const register = (request: object) => tracker.call("Register", { peer_id: randomBytes(16), contents, ...request });

describe("a registration is not listed", () => {
  test("of a port that nobody listens on", async () => {
    const server = createServer();
    const port = await listenOnLoopback(server);
    server.close();
    await once(server, "close");
    expect(await register({ port })).toMatchObject(UNREACHABLE);
    await expectOnlyHonest();
  });

  test("of a port on which something else speaks, and nothing is said of it", async () => {
    const server = createServer((socket) => socket.on("error", () => {}).end("+PONG\r\n"));
    const port = await listenOnLoopback(server);
    expect(await register({ port })).toMatchObject(UNREACHABLE);
    expect(await register({ port: 9, advertised_address: `127.0.0.1:${port}` })).toMatchObject(UNREACHABLE);
    server.close();
    await expectOnlyHonest();
  });

  test("of a port that takes connections and is silent, after 3 s and with nothing left open", async () => {
    const gone: Promise<unknown>[] = [];
    const server = createServer((socket) => gone.push(once(socket.resume(), "close")));
    const port = await listenOnLoopback(server);
    const startedAtMs = performance.now();
    expect(await register({ port })).toMatchObject(UNREACHABLE);
    const tookMs = performance.now() - startedAtMs;
    expect(tookMs).toBeGreaterThan(2_900);
    expect(tookMs).toBeLessThan(10_000);
    expect(gone).toHaveLength(1);
    await Promise.all(gone);
    server.close();
    await expectOnlyHonest();
  });

  test("at the port of somebody else, who stays listed", async () => {
    expect(await register({ port: honest.port })).toMatchObject(UNREACHABLE);
    expect(await register({ port: 9, advertised_address: honest.address })).toMatchObject(UNREACHABLE);
    await expectOnlyHonest();
  });

  test("under an id that its port does not answer to, be it somebody's or nobody's", async () => {
    using liar = await DynamicPeer.start(randomBytes(16), (nonce) => ({ peer_id: honest.peer_id, nonce }));
    expect(await register({ peer_id: liar.peer_id, port: liar.port })).toMatchObject(UNREACHABLE);
    expect(await tracker.fail("Register", { peer_id: honest.peer_id, port: liar.port, contents })).toMatchObject({ reason: "LEASE_TOKEN_WRONG" });
    await expectOnlyHonest();
  });

  test("if the nonce comes back changed", async () => {
    const peer_id = randomBytes(16);
    using peer = await DynamicPeer.start(peer_id, () => ({ peer_id, nonce: Buffer.alloc(16) }));
    expect(await register({ peer_id, port: peer.port })).toMatchObject(UNREACHABLE);
    await expectOnlyHonest();
  });

  test.each([
    "169.254.169.254:80",
    "[fe80::1]:4001",
    "0.0.0.0:4001",
    "[::]:4001",
    "224.0.0.1:4001",
    "10.0.0.1:4001",
    "192.168.1.1:4001",
    "[fd00::1]:4001",
    "metadata.example:80",
    "localhost:4001",
    "0177.0.0.1:4001",
  ])("at %s, which is never dialled", async (advertised_address) => {
    const request = { peer_id: randomBytes(16), port: honest.port, advertised_address };
    expect(await tracker.fail("Register", request)).toMatchObject({ reason: "INVALID_ARGUMENT", message: expect.stringContaining("advertised_address") });
  });
});

test("a peer that goes by several ids is found under each", async () => {
  const peer_id = randomBytes(16);
  using peer = await DynamicPeer.start(peer_id, (nonce) => ({ peer_id: randomBytes(16), nonce, other_peer_ids: [randomBytes(16), peer_id] }));
  const { lease_token } = await tracker.call<{ lease_token: Buffer }>("Register", { peer_id, port: peer.port, contents });
  expect(await tracker.call("Renew", { peer_id, lease_token, sequence: 1 })).toMatchObject({
    listed_address: peer.address,
    reachability: "REACHABILITY_REACHABLE",
  });
  await tracker.call("Unregister", { peer_id, lease_token });
  await expectOnlyHonest();
});

test("who hangs up before it is found leaves nothing behind, and an end of the tracker keeps nobody waiting", async () => {
  const silent = createServer((socket) => void socket.resume());
  const port = await listenOnLoopback(silent);
  const own = await startTrackerNode({ listen: { host: "127.0.0.1", port: 0 }, leaseMs: 30_000 });
  using client = new DynamicTracker(own.address);
  const dialled = once(silent, "connection");
  const hangUp = client.start("Register", { peer_id: randomBytes(16), port, contents });
  await dialled;
  expect(await client.call("GetStats", {})).toMatchObject({ peer_count: 1 });
  hangUp();
  await expect.poll(() => client.call("GetStats", {})).toMatchObject({ peer_count: 0 });

  const dialledAgain = once(silent, "connection");
  const waiting = client.call("Register", { peer_id: randomBytes(16), port, contents });
  await dialledAgain;
  const closed = own.close();
  expect(await waiting).toMatchObject({ listed_address: "", reachability: "REACHABILITY_UNSPECIFIED" });
  await closed;
  silent.close();
});
