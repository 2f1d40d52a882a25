import { randomBytes } from "node:crypto";
import { GrpcCode, parseHostPort } from "@piecewise/base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DynamicPeer } from "./testing/dynamic-peer.js";
import { DynamicTracker } from "./testing/dynamic-tracker.js";
import { type TrackerNode, startTrackerNode } from "./tracker-node.js";

const CALLS_PER_CONNECTION = 200;
const WATCHERS_MAX = 1_000;
const listen = { host: "127.0.0.1", port: 0 };
const seconds = (count: number) => ({ seconds: count, nanos: 0 });
const newContentId = (): string => `sha256:${randomBytes(32).toString("hex")}`;

interface Grant {
  readonly lease_token: Buffer;
  readonly lease: object;
  readonly renew_after: { seconds: number; nanos: number };
  readonly listed_address: string;
}

/** A content of 10 pieces. */
const announce = (content_id: string, name: string, pieces_held?: number) => ({
  content_id,
  name,
  total_bytes: 1_000,
  piece_length: 100,
  entry_count: 1,
  ...(pieces_held === undefined ? {} : { progress: { pieces_held, received_bytes: 5, sent_bytes: 7, coarse_map: Buffer.alloc(64) } }),
});

describe("the service", () => {
  let node: TrackerNode;
  let tracker: DynamicTracker;
  beforeAll(async () => {
    node = await startTrackerNode({ listen, leaseMs: 30_000 });
    tracker = new DynamicTracker(node.address);
  });
  afterAll(async () => {
    tracker[Symbol.dispose]();
    await node.close();
  });

  test("takes a peer from Register over Renew to Unregister", async () => {
    using peer = await DynamicPeer.start();
    const { peer_id, port, address } = peer;
    const [film, song] = [newContentId(), newContentId()];
    const grant = await tracker.call<Grant>("Register", { peer_id, port, contents: [announce(film, "film.mkv", 3)], sequence: 7 });
    expect(grant).toMatchObject({ lease: seconds(30), listed_address: address, reachability: "REACHABILITY_REACHABLE" });
    expect(grant.lease_token).toHaveLength(16);
    expect(grant.renew_after.seconds).toBeGreaterThanOrEqual(9);
    expect(grant.renew_after.seconds).toBeLessThanOrEqual(11);
    expect(await tracker.call("Lookup", { name: "film.mkv" })).toEqual({
      contents: [
        { content_id: film, names: ["film.mkv"], total_bytes: 1_000, piece_length: 100, entry_count: 1, seed_count: 0, leecher_count: 1 },
      ],
      peers: [{ address, peer_id, pieces_held: 3 }],
    });

    const { lease_token } = grant;
    const added = [announce(song, "song.ogg")];
    const progress = [{ content_id: film, pieces_held: 10, coarse_map: Buffer.alloc(64, 255) }];
    expect(await tracker.call("Renew", { peer_id, lease_token, sequence: 8, added, progress })).toMatchObject({
      lease: seconds(30),
      listed_address: address,
      reachability: "REACHABILITY_REACHABLE",
    });
    expect(await tracker.call("Lookup", { content_id: film })).toMatchObject({
      contents: [{ seed_count: 1 }],
      peers: [{ pieces_held: 10 }],
    });
    expect(await tracker.call("Lookup", { content_id: song, peer_id })).toMatchObject({ contents: [{ leecher_count: 1 }], peers: [] });

    await tracker.call("Renew", { peer_id, lease_token, sequence: 9, removed: [film] });
    expect(await tracker.fail("Lookup", { content_id: film })).toMatchObject({ reason: "CONTENT_NOT_FOUND" });
    expect(await tracker.call("Unregister", { peer_id, lease_token })).toEqual({});
    expect(await tracker.call("Unregister", { peer_id, lease_token })).toEqual({});
    expect(await tracker.fail("Lookup", { content_id: song })).toMatchObject({ reason: "CONTENT_NOT_FOUND" });
  });

  test("lists a peer where it says that it is reached, and where it is", async () => {
    const content_id = newContentId();
    using peer = await DynamicPeer.start();
    const request = { peer_id: peer.peer_id, port: 9, advertised_address: peer.address, contents: [announce(content_id, "mapped")] };
    expect(await tracker.call("Register", request)).toMatchObject({ listed_address: peer.address });
    expect(await tracker.call("Lookup", { content_id })).toMatchObject({ peers: [{ address: peer.address }] });
    expect(peer.asked).toBe(1);
  });

  test("pages through contents, also when one peer shares as many as it may under the longest names", async () => {
    const contents = Array.from({ length: 10_000 }, (_, index) => announce(newContentId(), `page-${index}-`.padEnd(255, "x"), 1));
    using peer = await DynamicPeer.start();
    const grant = await tracker.call<Grant>("Register", { peer_id: peer.peer_id, port: peer.port, contents });
    expect(grant.listed_address).toBe(peer.address);
    const seen: string[] = [];
    let page_token = "";
    do {
      const page = await tracker.call<{ contents: { content_id: string }[]; next_page_token: string }>("ListContents", {
        filter: "PAGE-",
        page_size: 1_000,
        page_token,
      });
      seen.push(...page.contents.map(({ content_id }) => content_id));
      page_token = page.next_page_token;
    } while (page_token !== "");
    expect(seen).toEqual(contents.map(({ content_id }) => content_id).toSorted());
    expect(await tracker.call("ListContents", { id_prefix: seen[3]!.slice(0, 40) })).toMatchObject({
      contents: [{ content_id: seen[3] }],
      next_page_token: "",
    });
  });

  test("counts what it holds and does", async () => {
    using other = new DynamicTracker(node.address);
    const before = await other.call<Record<string, number>>("GetStats", {});
    await other.call("Register", { peer_id: randomBytes(16), port: 4003, contents: [announce(newContentId(), "counted")] });
    await other.call("Lookup", { name: "counted" });
    const after = await other.call<Record<string, number>>("GetStats", {});
    const increased = ["content_count", "peer_count", "membership_count", "registrations_total", "lookups_total"];
    expect(increased.map((field) => after[field]! - before[field]!)).toEqual([1, 1, 1, 1, 1]);
    expect(after).toMatchObject({ uptime: { nanos: expect.any(Number) }, expirations_total: 0, watcher_count: 0 });
  });
});

describe("errors carry a code, a reason and details", () => {
  const peer_id = randomBytes(16);
  const content_id = newContentId();
  let node: TrackerNode;
  let tracker: DynamicTracker;
  let peer: DynamicPeer;
  let lease_token: Buffer;
  beforeAll(async () => {
    node = await startTrackerNode({ listen, leaseMs: 30_000 });
    tracker = new DynamicTracker(node.address);
    peer = await DynamicPeer.start(peer_id);
    ({ lease_token } = await tracker.call<Grant>("Register", {
      peer_id,
      port: peer.port,
      contents: [announce(content_id, "film")],
      sequence: 1,
    }));
  });
  afterAll(async () => {
    peer[Symbol.dispose]();
    tracker[Symbol.dispose]();
    await node.close();
  });

  test.each<[rpc: string, request: () => object, code: number, reason: string, message: string]>([
    ["Register", () => ({ peer_id: Buffer.alloc(15), port: 1 }), GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "peer_id"],
    ["Register", () => ({ peer_id, lease_token, port: 0 }), GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "port"],
    [
      "Register",
      () => ({ peer_id, lease_token, port: 1, contents: [{}] }),
      GrpcCode.INVALID_ARGUMENT,
      "INVALID_ARGUMENT",
      "contents[0].content_id",
    ],
    [
      "Register",
      () => ({ peer_id, lease_token, port: 1, advertised_address: "x" }),
      GrpcCode.INVALID_ARGUMENT,
      "INVALID_ARGUMENT",
      "advertised_address",
    ],
    ["Register", () => ({ peer_id, port: 1 }), GrpcCode.PERMISSION_DENIED, "LEASE_TOKEN_WRONG", "lease_token"],
    ["Renew", () => ({ peer_id, lease_token, sequence: 2, removed: ["x"] }), GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "removed[0]"],
    [
      "Renew",
      () => ({ peer_id, lease_token: Buffer.alloc(16), sequence: 2 }),
      GrpcCode.PERMISSION_DENIED,
      "LEASE_TOKEN_WRONG",
      "lease_token",
    ],
    [
      "Renew",
      () => ({ peer_id: randomBytes(16), lease_token, sequence: 2 }),
      GrpcCode.FAILED_PRECONDITION,
      "REGISTER_AGAIN",
      "register again",
    ],
    ["Renew", () => ({ peer_id, lease_token, sequence: 3 }), GrpcCode.FAILED_PRECONDITION, "REGISTER_AGAIN", "register again"],
    ["Unregister", () => ({ lease_token }), GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "peer_id"],
    ["Unregister", () => ({ peer_id }), GrpcCode.PERMISSION_DENIED, "LEASE_TOKEN_WRONG", "lease_token"],
    ["Lookup", () => ({}), GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "content_id or a name"],
    ["Lookup", () => ({ content_id: content_id.slice(0, 20) }), GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "content_id"],
    ["Lookup", () => ({ name: "film", piece_length: 99 }), GrpcCode.NOT_FOUND, "CONTENT_NOT_FOUND", "no peer"],
    ["ListContents", () => ({ page_token: "?" }), GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "page_token"],
    ["ListContents", () => ({ id_prefix: "md5:" }), GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "id_prefix"],
  ])("%s %#", async (rpc, request, code, reason, message) => {
    const failure = await tracker.fail(rpc, request());
    expect(failure).toEqual({ code, reason, domain: "piecewise", message: expect.stringContaining(message), retryAfterMs: undefined });
    // Nothing of it was applied.
    expect(await tracker.call("Lookup", { content_id })).toMatchObject({
      contents: [{ names: ["film"] }],
      peers: [{ address: peer.address }],
    });
  });

  test("WatchPeers of what is no content", async () => {
    expect(await tracker.watch({ content_id: "x" }).failed).toMatchObject({
      code: GrpcCode.INVALID_ARGUMENT,
      reason: "INVALID_ARGUMENT",
      domain: "piecewise",
    });
  });
});

describe("WatchPeers", () => {
  test("sends the sample, what joins and leaves, and the end", async () => {
    const node = await startTrackerNode({ listen, leaseMs: 30_000 });
    using tracker = new DynamicTracker(node.address);
    const content_id = newContentId();
    const watcher = { peer_id: randomBytes(16), port: 4009, contents: [announce(content_id, "film", 2)] };
    await tracker.call("Register", watcher);
    const watch = tracker.watch({ content_id, peer_id: watcher.peer_id });
    expect(await watch.next()).toEqual({ added: [], removed: [] });

    using peer = await DynamicPeer.start();
    const { peer_id, port, address } = peer;
    const { lease_token } = await tracker.call<Grant>("Register", { peer_id, port, contents: [announce(content_id, "film", 2)] });
    expect(await watch.next()).toEqual({ added: [{ address, peer_id, pieces_held: 2 }], removed: [] });
    await tracker.call("Renew", { peer_id, lease_token, sequence: 1, progress: [{ content_id, pieces_held: 9 }] });
    expect(await watch.next()).toEqual({ added: [{ address, peer_id, pieces_held: 9 }], removed: [] });
    await tracker.call("Unregister", { peer_id, lease_token });
    expect(await watch.next()).toEqual({ added: [], removed: [address] });

    await Promise.all([node.close(), node.close()]);
    expect(await watch.failed).toMatchObject({ code: GrpcCode.UNAVAILABLE, reason: "GOING_AWAY", domain: "piecewise" });
  });

  test("admits a limited number of watchers, says when to come back, and forgets those who leave", async () => {
    await using node = await startTrackerNode({ listen, leaseMs: 30_000 });
    const trackers = Array.from({ length: WATCHERS_MAX / CALLS_PER_CONNECTION }, () => new DynamicTracker(node.address));
    const watches = trackers.flatMap((tracker) =>
      Array.from({ length: CALLS_PER_CONNECTION }, () => tracker.watch({ content_id: newContentId() })),
    );
    await Promise.all(watches.map((watch) => watch.next()));
    const failure = await trackers[0]!.watch({ content_id: newContentId() }).failed;
    expect(failure).toMatchObject({ code: GrpcCode.RESOURCE_EXHAUSTED, reason: "TRACKER_FULL", domain: "piecewise" });
    expect(failure.retryAfterMs).toBeGreaterThanOrEqual(9_000);
    expect(failure.retryAfterMs).toBeLessThanOrEqual(11_000);

    for (const watch of watches) watch.cancel();
    await expect.poll(async () => (await trackers[0]!.call<{ watcher_count: number }>("GetStats", {})).watcher_count).toBe(0);
    for (const tracker of trackers) tracker[Symbol.dispose]();
  });
});

describe("leases", () => {
  test("expire on time, and a watcher is told", async () => {
    await using node = await startTrackerNode({ listen, leaseMs: 1_000 });
    using tracker = new DynamicTracker(node.address);
    const content_id = newContentId();
    using peer = await DynamicPeer.start();
    await tracker.call("Register", { peer_id: peer.peer_id, port: peer.port, contents: [announce(content_id, "film")] });
    const watch = tracker.watch({ content_id });
    expect(await watch.next()).toMatchObject({ added: [{ address: peer.address }] });
    expect(await watch.next()).toEqual({ added: [], removed: [peer.address] });
    expect(await tracker.fail("Lookup", { content_id })).toMatchObject({ code: GrpcCode.NOT_FOUND, reason: "CONTENT_NOT_FOUND" });
    expect(await tracker.call("GetStats", {})).toMatchObject({ peer_count: 0, content_count: 0, expirations_total: 1 });
  });

  test("are granted again by a tracker that was restarted and knows nothing", async () => {
    using peer = await DynamicPeer.start();
    const { peer_id } = peer;
    const content_id = newContentId();
    const registration = { peer_id, port: peer.port, contents: [announce(content_id, "film")], sequence: 1 };
    const first = await startTrackerNode({ listen, leaseMs: 30_000 });
    const { port } = parseHostPort(first.address, "the address");
    using tracker = new DynamicTracker(first.address);
    const { lease_token } = await tracker.call<Grant>("Register", registration);
    await first.close();

    await using second = await startTrackerNode({ listen: { ...listen, port }, leaseMs: 30_000 });
    // A connection of its own: the other one still waits before it dials again.
    using again = new DynamicTracker(second.address);
    expect(await again.fail("Renew", { peer_id, lease_token, sequence: 2 })).toMatchObject({ reason: "REGISTER_AGAIN" });
    const grant = await again.call<Grant>("Register", { ...registration, lease_token });
    expect(await again.call("Renew", { peer_id, lease_token: grant.lease_token, sequence: 2 })).toMatchObject({ lease: seconds(30) });
    expect(await again.call("Lookup", { content_id })).toMatchObject({ peers: [{ address: peer.address }] });
  });
});

test("a lease that is not possible and a port in use are refused", async () => {
  await expect(startTrackerNode({ listen, leaseMs: 0 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await using node = await startTrackerNode({ listen, leaseMs: 30_000 });
  const taken = startTrackerNode({ listen: parseHostPort(node.address, "the address"), leaseMs: 30_000 });
  await expect(taken).rejects.toMatchObject({ code: "ADDRESS_IN_USE" });
});
