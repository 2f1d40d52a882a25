import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { GrpcCode, parseHostPort } from "@piecewise/base";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type PeerNode, type PeerNodeOptions, type SharedContent, startPeerNode } from "./index.js";
import { DynamicPeer, type DynamicStream, type Failure } from "./testing/dynamic-peer.js";
import { until } from "./testing/until.js";

const MIB = 1_048_576;

interface Chunk {
  readonly piece_index: number;
  readonly offset: number;
  readonly data: Buffer;
}
interface Range {
  readonly first: number;
  readonly count: number;
}
interface News {
  readonly offered: Buffer;
  readonly added: readonly Range[];
  readonly withdrawn: readonly Range[];
  readonly load: object | null;
  readonly going_away: boolean;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const bytesOf = (chunks: readonly Chunk[]): Buffer => Buffer.concat(chunks.map(({ data }) => data));
const newCaller = (port = 0) => ({ peer_id: randomBytes(16), port });
const unknownId = `sha256:${"0".repeat(64)}`;

const failsWith = (code: number, reason: string) => ({ code, reason, domain: "piecewise", message: expect.any(String) });
const failsAsBusy = { ...failsWith(GrpcCode.RESOURCE_EXHAUSTED, "BUSY"), retryAfterMs: expect.any(Number) };

let folder: string;
const nodes: PeerNode[] = [];
const peers: DynamicPeer[] = [];

async function startNode(options: Partial<PeerNodeOptions> = {}): Promise<PeerNode> {
  const node = await startPeerNode({ trackers: [], listen: "127.0.0.1:0", ...options });
  nodes.push(node);
  return node;
}

function dial(address: string): DynamicPeer {
  const peer = new DynamicPeer(address);
  peers.push(peer);
  return peer;
}

interface Original {
  readonly path: string;
  readonly bytes: Buffer;
  piece(index: number): Buffer;
}

async function createOriginal(bytes: number, pieceLength = MIB): Promise<Original> {
  const path = join(folder, `original-${randomBytes(4).toString("hex")}`);
  const content = randomBytes(bytes);
  await writeFile(path, content);
  return { path, bytes: content, piece: (index) => content.subarray(index * pieceLength, (index + 1) * pieceLength) };
}

/** Changes one byte in the middle of a file. */
async function damage(path: string, offset: number): Promise<void> {
  await using file = await open(path, "r+");
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset);
  await file.write(Buffer.from([buffer[0]! ^ 1]), 0, 1, offset);
}

async function sharing(bytes: number, pieceLength = MIB) {
  const original = await createOriginal(bytes, pieceLength);
  const node = await startNode();
  const shared = await node.share(original.path, { pieceLength });
  return { original, node, shared, content_id: shared.contentId, peer: dial(node.listenAddress) };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "piecewise-service-"));
});
afterEach(async () => {
  for (const peer of peers.splice(0)) peer[Symbol.dispose]();
  await Promise.all(nodes.splice(0).map((node) => node.close({ drainMs: 0 })));
});
afterAll(() => rm(folder, { recursive: true }));

describe("what is there", () => {
  const LAST_PIECE_BYTES = 5;
  let original: Original;
  let node: PeerNode;
  let shared: SharedContent;
  let content_id: string;
  let peer: DynamicPeer;
  let ownId: Buffer;

  beforeAll(async () => {
    original = await createOriginal(4 * MIB + LAST_PIECE_BYTES);
    node = await startPeerNode({ trackers: [], listen: "127.0.0.1:0" });
    shared = await node.share(original.path, { pieceLength: MIB });
    content_id = shared.contentId;
    peer = new DynamicPeer(node.listenAddress);
    ({ peer_id: ownId } = await peer.call<{ peer_id: Buffer }>("Identify", {}));
  });
  afterAll(async () => {
    peer[Symbol.dispose]();
    await node.close();
  });

  test("Identify says who listens and returns the nonce", async () => {
    const nonce = randomBytes(64);
    expect(ownId).toHaveLength(16);
    expect(await peer.call("Identify", { nonce })).toEqual({ peer_id: ownId, nonce, content_count: 1, other_peer_ids: [] });
    expect(await peer.call("Identify", {})).toEqual({ peer_id: ownId, nonce: Buffer.alloc(0), content_count: 1, other_peer_ids: [] });
  });

  test("GetManifest streams bytes whose hash is the content id", async () => {
    const parts = await peer.stream<{ data: Buffer }>("GetManifest", { content_id }).rest();
    expect(`sha256:${sha256(Buffer.concat(parts.map(({ data }) => data)))}`).toBe(content_id);
  });

  const LAST = 4;
  test.each<[what: string, request: object, from: number, to: number]>([
    ["one piece", { piece_index: 1 }, MIB, 2 * MIB],
    ["one piece, counted", { piece_index: 1, piece_count: 1 }, MIB, 2 * MIB],
    ["a run", { piece_index: 1, piece_count: 3 }, MIB, 4 * MIB],
    ["everything", { piece_count: 5 }, 0, 4 * MIB + LAST_PIECE_BYTES],
    ["the last, short piece", { piece_index: LAST }, 4 * MIB, 4 * MIB + LAST_PIECE_BYTES],
    ["the rest of a piece", { piece_index: 2, offset: 1_000 }, 2 * MIB + 1_000, 3 * MIB],
    ["a range inside a piece", { piece_index: 2, offset: 1_000, length: 700_000 }, 2 * MIB + 1_000, 2 * MIB + 701_000],
    ["its last byte", { piece_index: LAST, offset: 4, length: 1 }, 4 * MIB + 4, 4 * MIB + 5],
  ])("GetPiece streams %s as chunks in order, without gaps, never across the end of a piece", async (_, request, from, to) => {
    const chunks = await peer.stream<Chunk>("GetPiece", { content_id, ...request, caller: newCaller() }).rest();
    let position = from;
    for (const { piece_index, offset, data } of chunks) {
      expect(piece_index * MIB + offset).toBe(position);
      expect(data.length).toBeGreaterThan(0);
      expect(offset + data.length).toBeLessThanOrEqual(MIB);
      position += data.length;
    }
    expect(position).toBe(to);
    expect(bytesOf(chunks).equals(original.bytes.subarray(from, to))).toBe(true);
  });

  test("WatchPieces tells a whole bitmap and the load first, the highest bit first, spare bits 0", async () => {
    const watch = peer.stream<News>("WatchPieces", { content_id });
    expect(await watch.next()).toEqual({
      offered: Buffer.from([0b11111_000]),
      added: [],
      withdrawn: [],
      load: { slots_taken: 0, slots_max: 16, queue_length: 0 },
      going_away: false,
    });
    watch.cancel();
  });

  test("a report of a good piece is taken and changes nothing", async () => {
    const watch = peer.stream<News>("WatchPieces", { content_id });
    await watch.next();
    expect(await peer.call("ReportBadPiece", { content_id, piece_index: 3, caller: newCaller() })).toEqual({});
    const chunks = await peer.stream<Chunk>("GetPiece", { content_id, piece_index: 3 }).rest();
    expect(bytesOf(chunks).equals(original.piece(3))).toBe(true);
    watch.cancel();
  });

  const ofContents = ["GetManifest", "GetPiece", "WatchPieces", "ExchangePeers", "ReportBadPiece"];

  test.each(ofContents)("%s of what is no content id", async (rpc) => {
    for (const malformed of ["", "x", "sha256:12", `sha256:${"A".repeat(64)}`, `md5:${"0".repeat(64)}`]) {
      expect(await peer.fail(rpc, { content_id: malformed })).toEqual({
        ...failsWith(GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"),
        message: expect.stringContaining("content_id"),
        retryAfterMs: undefined,
      });
    }
  });

  test.each(ofContents)("%s of an unknown content", async (rpc) => {
    expect(await peer.fail(rpc, { content_id: unknownId })).toMatchObject(failsWith(GrpcCode.NOT_FOUND, "CONTENT_NOT_FOUND"));
  });

  test.each(ofContents)("%s by the peer itself", async (rpc) => {
    const caller = { peer_id: ownId, port: parseHostPort(node.listenAddress, "it").port };
    expect(await peer.fail(rpc, { content_id, caller })).toMatchObject(failsWith(GrpcCode.FAILED_PRECONDITION, "OWN_PEER"));
  });

  test.each<[rpc: string, request: object, code: number, reason: string, message: string]>([
    ["Identify", { nonce: Buffer.alloc(65) }, GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "nonce has 65 bytes"],
    ["GetPiece", { piece_index: 5 }, GrpcCode.OUT_OF_RANGE, "PIECE_OUT_OF_RANGE", "5 pieces"],
    ["GetPiece", { piece_index: 2 ** 32 - 1, piece_count: 2 ** 32 - 1 }, GrpcCode.OUT_OF_RANGE, "PIECE_OUT_OF_RANGE", "5 pieces"],
    ["GetPiece", { piece_index: 4, piece_count: 2 }, GrpcCode.OUT_OF_RANGE, "PIECE_OUT_OF_RANGE", "2 from 4 on"],
    ["GetPiece", { piece_index: 4, offset: 5 }, GrpcCode.OUT_OF_RANGE, "PIECE_OUT_OF_RANGE", "5 bytes"],
    ["GetPiece", { piece_index: 4, length: 6 }, GrpcCode.OUT_OF_RANGE, "PIECE_OUT_OF_RANGE", "6 from 0 on"],
    ["GetPiece", { piece_index: 0, offset: 1, length: 2 ** 32 - 1 }, GrpcCode.OUT_OF_RANGE, "PIECE_OUT_OF_RANGE", "1048576 bytes"],
    ["GetPiece", { piece_count: 2, offset: 1 }, GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "offset and length"],
    ["GetPiece", { piece_count: 2, length: 1 }, GrpcCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", "offset and length"],
    ["ReportBadPiece", { piece_index: 5 }, GrpcCode.OUT_OF_RANGE, "PIECE_OUT_OF_RANGE", "no piece 5"],
  ])("%s with %j is refused", async (rpc, request, code, reason, message) => {
    const failure = await peer.fail(rpc, { content_id, ...request });
    expect(failure).toEqual({ code, reason, domain: "piecewise", message: expect.stringContaining(message), retryAfterMs: undefined });
  });

  test("ExchangePeers tells of those who called, but a caller not of itself", async () => {
    const [first, second] = [newCaller(4_001), newCaller(4_002)];
    expect(await exchange(peer, content_id, first)).toEqual([]);
    expect(await exchange(peer, content_id, second)).toEqual(["127.0.0.1:4001"]);
    expect(await exchange(peer, content_id, first)).toEqual(["127.0.0.1:4002"]);
    expect(await exchange(peer, content_id, newCaller())).toEqual(["127.0.0.1:4001", "127.0.0.1:4002"]);
    expect(await exchange(peer, content_id)).toEqual(["127.0.0.1:4001", "127.0.0.1:4002"]);
  });

  test.each(["ExchangePeers", "ReportBadPiece"])("%s asked too often is refused with a time to come back", async (rpc) => {
    const askUntilRefused = async (): Promise<Failure> => {
      for (;;) {
        const answers = await Promise.allSettled(Array.from({ length: 100 }, () => peer.fail(rpc, { content_id })));
        const refused = answers.find((answer) => answer.status === "fulfilled");
        if (refused !== undefined) return refused.value;
      }
    };
    expect(await askUntilRefused()).toEqual(failsAsBusy);
  });
});

describe("slots", () => {
  const bytes = 8 * MIB;
  /** More than the transport takes while nobody reads. */
  const whole = { piece_count: 2 };

  test("a caller has eight, one request waits for a ninth and gets it when another is cancelled, and the next is refused", async () => {
    const { peer, content_id } = await sharing(bytes, 4 * MIB);
    const streams = Array.from({ length: 10 }, () => peer.stream<Chunk>("GetPiece", { content_id, ...whole }));
    const waiting = new Set(streams);
    const granted: DynamicStream<Chunk>[] = [];
    for (const stream of streams) {
      void stream.granted.then(() => {
        waiting.delete(stream);
        granted.push(stream);
      });
    }
    const refused = await Promise.race(streams.map(async (stream) => ({ stream, failure: await stream.ended })));
    expect(refused.failure).toEqual(failsAsBusy);
    waiting.delete(refused.stream);
    await until(() => granted.length === 8);
    const [ninth] = waiting;
    granted[0]!.cancel();
    await ninth!.granted;
    expect((await ninth!.next()).piece_index).toBe(0);
  });

  test("a plain client gets a slot while peers have filled theirs; a full queue refuses", async () => {
    const { node, peer, content_id } = await sharing(bytes, 4 * MIB);
    const crowd = [dial(node.listenAddress), dial(node.listenAddress)];
    const streams = Array.from({ length: 4 + 256 + 1 }, (_, index) =>
      crowd[index % 2]!.stream<Chunk>("GetPiece", { content_id, ...whole, caller: newCaller() }),
    );
    expect(await Promise.race(streams.map(({ ended }) => ended))).toEqual(failsAsBusy);
    const watch = peer.stream<News>("WatchPieces", { content_id });
    expect((await watch.next()).load).toEqual({ slots_taken: 4, slots_max: 16, queue_length: 256 });
    const chunks = await peer.stream<Chunk>("GetPiece", { content_id, length: 10 }).rest();
    expect(bytesOf(chunks)).toHaveLength(10);
    for (const stream of streams) stream.cancel();
    watch.cancel();
  });
});

describe("what changes under a peer", () => {
  test("a damaged piece is not sent, watchers hear that it is withdrawn, and it is no longer offered", async () => {
    const { original, peer, content_id } = await sharing(3 * MIB);
    const watch = peer.stream<News>("WatchPieces", { content_id, caller: newCaller() });
    expect((await watch.next()).offered).toEqual(Buffer.from([0b1110_0000]));
    await damage(original.path, 1.5 * MIB);

    const stream = peer.stream<Chunk>("GetPiece", { content_id, piece_count: 3 });
    const received: Chunk[] = [];
    await expect(
      (async () => {
        for (;;) received.push(await stream.next());
      })(),
    ).rejects.toMatchObject({ code: GrpcCode.DATA_LOSS });
    const failure = await stream.ended;
    expect(failure).toMatchObject(failsWith(GrpcCode.DATA_LOSS, "PIECE_DAMAGED"));
    expect(failure!.message).not.toContain(folder);
    expect(received.every(({ piece_index }) => piece_index === 0)).toBe(true);

    expect(await nextNews(watch, ({ withdrawn }) => withdrawn.length > 0)).toMatchObject({ withdrawn: [{ first: 1, count: 1 }], added: [] });
    expect(await peer.fail("GetPiece", { content_id, piece_index: 1 })).toMatchObject(failsWith(GrpcCode.FAILED_PRECONDITION, "NOT_OFFERED"));
    expect(await peer.fail("GetPiece", { content_id, piece_count: 3 })).toMatchObject({ reason: "NOT_OFFERED" });
    expect(bytesOf(await peer.stream<Chunk>("GetPiece", { content_id, piece_index: 2 }).rest()).equals(original.piece(2))).toBe(true);
    expect((await peer.stream<News>("WatchPieces", { content_id }).next()).offered).toEqual(Buffer.from([0b1010_0000]));
    watch.cancel();
  });

  test("a piece that is reported and is damaged is withdrawn; the answer does not say so", async () => {
    const { original, peer, content_id } = await sharing(3 * MIB);
    const watch = peer.stream<News>("WatchPieces", { content_id });
    await watch.next();
    await damage(original.path, 5);
    expect(await peer.call("ReportBadPiece", { content_id, piece_index: 0 })).toEqual({});
    expect((await nextNews(watch, ({ withdrawn }) => withdrawn.length > 0)).withdrawn).toEqual([{ first: 0, count: 1 }]);
    watch.cancel();
  });

  test("a piece that is reported and whose file is gone is withdrawn; nobody hears where it lay", async () => {
    const { original, peer, content_id } = await sharing(3 * MIB);
    const watch = peer.stream<News>("WatchPieces", { content_id });
    await watch.next();
    await rm(original.path);
    await mkdir(original.path);
    expect(await peer.call("ReportBadPiece", { content_id, piece_index: 2 })).toEqual({});
    expect((await nextNews(watch, ({ withdrawn }) => withdrawn.length > 0)).withdrawn).toEqual([{ first: 2, count: 1 }]);
    watch.cancel();
  });

  test("watchers hear of pieces that are added while the peer downloads", async () => {
    const original = await createOriginal(3 * MIB);
    const seeder = await startNode({ uploadBytesPerSecond: 2 * MIB });
    const { contentId: content_id } = await seeder.share(original.path, { pieceLength: MIB / 4 });
    const leecher = await startNode();
    const target = { contentId: content_id, peers: [seeder.listenAddress] };
    const downloaded = leecher.download(target, { output: join(folder, `copy-${randomBytes(4).toString("hex")}`) });

    const peer = dial(leecher.listenAddress);
    const { watch, first } = await firstNews(peer, content_id);
    const held = new Set<number>();
    first.offered.forEach((byte, index) => {
      for (let bit = 0; bit < 8; bit += 1) if ((byte & (0x80 >> bit)) !== 0) held.add(index * 8 + bit);
    });
    expect(held.size).toBeLessThan(12);
    const missing = [...Array.from({ length: 12 }).keys()].find((piece) => !held.has(piece));
    while (held.size < 12) {
      for (const range of (await watch.next()).added) {
        for (let piece = range.first; piece < range.first + range.count; piece += 1) {
          expect(held.has(piece)).toBe(false);
          held.add(piece);
        }
      }
    }
    expect(missing).toBeDefined();
    await downloaded;
    watch.cancel();
    expect(bytesOf(await peer.stream<Chunk>("GetPiece", { content_id, piece_count: 12 }).rest()).equals(original.bytes)).toBe(true);
  });
});

describe("close", () => {
  test("tells watchers, finishes what is in flight, refuses what waits and what is new", async () => {
    const { original, node, peer, content_id } = await sharing(8 * MIB, 4 * MIB);
    const watcher = dial(node.listenAddress);
    const watch = watcher.stream<News>("WatchPieces", { content_id });
    await watch.next();
    const caller = newCaller();
    const streams = Array.from({ length: 9 }, () => peer.stream<Chunk>("GetPiece", { content_id, piece_count: 2, caller }));
    const granted: DynamicStream<Chunk>[] = [];
    for (const stream of streams) void stream.granted.then(() => granted.push(stream));
    await until(() => granted.length === 8);

    const closed = node.close({ drainMs: 20_000 });
    expect(await nextNews(watch, (news) => news.going_away)).toMatchObject({ added: [], withdrawn: [] });
    const goesAway = failsWith(GrpcCode.UNAVAILABLE, "GOING_AWAY");
    expect(await Promise.race(streams.map(({ ended }) => ended))).toMatchObject(goesAway);
    expect(await watcher.fail("GetPiece", { content_id })).toMatchObject(goesAway);
    expect(await watcher.fail("WatchPieces", { content_id })).toMatchObject(goesAway);
    for (const stream of granted) expect(bytesOf(await stream.rest()).equals(original.bytes)).toBe(true);
    expect(await watch.failure()).toMatchObject(goesAway);
    await closed;
  });

  test("watchers are told when nothing else is in flight, too", async () => {
    const { node, peer, content_id } = await sharing(10);
    const watches = Array.from({ length: 20 }, () => peer.stream<News>("WatchPieces", { content_id }));
    for (const watch of watches) await watch.next();
    const closed = node.close();
    for (const watch of watches) {
      expect((await watch.next()).going_away).toBe(true);
      expect(await watch.failure()).toMatchObject(failsWith(GrpcCode.UNAVAILABLE, "GOING_AWAY"));
    }
    await closed;
  });

  test("ends what does not finish in time", async () => {
    const { node, peer, content_id } = await sharing(8 * MIB, 4 * MIB);
    const stream = peer.stream<Chunk>("GetPiece", { content_id, piece_count: 2 });
    await stream.granted;
    await node.close({ drainMs: 0 });
    // Whether the status gets out before the connection goes is not certain.
    expect([GrpcCode.UNAVAILABLE, GrpcCode.INTERNAL]).toContain((await stream.failure()).code);
  });
});

describe("from outside of this machine", () => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address !== undefined && !address.internal && address.family === "IPv4")?.address;

  test.skipIf(outside === undefined)("nobody hears of peers on loopback", async () => {
    const original = await createOriginal(10);
    const node = await startNode({ listen: "0.0.0.0:0" });
    const { contentId: content_id } = await node.share(original.path);
    const { port } = parseHostPort(node.listenAddress, "it");
    const [near, far] = [dial(`127.0.0.1:${port}`), dial(`${outside}:${port}`)];
    expect(await exchange(near, content_id, newCaller(4_001))).toEqual([]);
    expect(await exchange(far, content_id, newCaller(4_002))).toEqual([]);
    expect(await exchange(near, content_id, newCaller(4_001))).toEqual([`${outside}:4002`]);
  });
});

/** The addresses that the peer tells a caller. */
async function exchange(peer: DynamicPeer, content_id: string, caller?: object): Promise<string[]> {
  const { peers: found } = await peer.call<{ peers: { address: string }[] }>("ExchangePeers", { content_id, caller });
  return found.map(({ address }) => address).toSorted();
}

/** The next news of which something holds. */
async function nextNews(watch: DynamicStream<News>, holds: (news: News) => boolean): Promise<News> {
  for (;;) {
    const news = await watch.next();
    if (holds(news)) return news;
  }
}

/** Watches as soon as the peer takes part in the swarm. */
async function firstNews(peer: DynamicPeer, content_id: string): Promise<{ watch: DynamicStream<News>; first: News }> {
  for (;;) {
    const watch = peer.stream<News>("WatchPieces", { content_id });
    const first = await watch.next().catch(() => undefined);
    if (first !== undefined) return { watch, first };
    if ((await watch.ended)?.reason !== "CONTENT_NOT_FOUND") throw new Error("the peer cannot be watched");
  }
}
