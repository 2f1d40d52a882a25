import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ServiceError, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Message, PlainClient, type Refusal, refusalOf, type StreamOutcome } from "./plain-grpc.js";
import { runPeer } from "./processes.js";
import { downloadFrom, type HonestSwarm, KIB, MIB, startHonestSwarm } from "./swarm-of-liars.js";
import { hashFile } from "./test-files.js";

const PEER_SERVICE = "piecewise.v1.PeerService";
const TRACKER_SERVICE = "piecewise.v1.TrackerService";
const PIECE_LENGTH = 256 * KIB;
const PIECES = 8;
const LAST_BYTES = PIECE_LENGTH - 17;
/** As docs/LIMITS.md says. */
const UPLOAD_CALLER_WATCHERS_MAX = 128;

let swarm: HonestSwarm;
let downloads = 0;
beforeAll(async () => {
  swarm = await startHonestSwarm({ bytes: PIECES * PIECE_LENGTH - 17, pieceLength: PIECE_LENGTH });
});
afterAll(() => swarm[Symbol.asyncDispose]());

/** Downloads as if nothing were the matter. */
async function expectDownload(): Promise<void> {
  const output = swarm.folder.join(`honest-${(downloads += 1)}`);
  const peer = await runPeer([...downloadFrom([], swarm.content.contentId, output), "--tracker", swarm.tracker.address]);
  expect(peer.exitCode, peer.transcript()).toBe(0);
  expect(await hashFile(output)).toBe(await hashFile(swarm.path));
}

/** Tracker and seeder go on serving those who ask in earnest, and neither has anything to complain of. */
async function expectAllIsWell(): Promise<void> {
  await expectDownload();
  for (const { exitCode, stderr } of [swarm.tracker.process, swarm.seeder]) {
    expect(exitCode).toBeUndefined();
    expect(stderr).toEqual([]);
  }
}

const expectNamed = (refusals: readonly (Refusal | undefined)[]): void => {
  for (const refusal of refusals) expect(refusal).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: "BUSY", hasRetryInfo: true });
};

const FRAME_HEADER_BYTES = 9;
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** A frame of HTTP/2 of which the length says more than follows. */
const frame = (type: number, lengthSaid: number): Buffer => {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(lengthSaid, 0, 3);
  header[3] = type;
  return header;
};

const GARBAGE: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  "random bytes": randomBytes(MIB),
  "HTTP/1.1": Buffer.from("GET / HTTP/1.1\r\nHost: tracker\r\n\r\n"),
  "half a TLS hello": Buffer.from("16030101f4010001f00303", "hex"),
  "half a preface of HTTP/2": PREFACE.subarray(0, 12),
  "a preface and random bytes": Buffer.concat([PREFACE, randomBytes(MIB)]),
  "a preface and a frame above the largest": Buffer.concat([PREFACE, frame(4, 0), frame(0, 2 ** 24 - 1), Buffer.alloc(KIB)]),
  "a preface and settings for a stream that is none": Buffer.concat([PREFACE, frame(4, 5), Buffer.alloc(5)]),
  "a preface and half a frame": Buffer.concat([PREFACE, frame(4, 0), frame(1, 100), Buffer.alloc(50, 0x82)]),
};

describe.each(["tracker", "peer"] as const)("garbage on the port of a %s", (role) => {
  test("is answered by an end, or by nothing, and calls go on", async () => {
    const address = role === "tracker" ? swarm.tracker.address : swarm.seederAddress;
    const sockets: Socket[] = [];
    for (const bytes of Object.values(GARBAGE)) for (let copy = 0; copy < 5; copy += 1) sockets.push(await send(address, bytes));
    // While those that were not closed are still open.
    using client = new PlainClient(address);
    expect(await client.unary("grpc.health.v1.Health", "Check", {})).toEqual({ status: "SERVING" });
    await expectAllIsWell();
    for (const socket of sockets) socket.destroy();
  });
});

/** Connects and sends; what comes back, and how it ends, does not matter. */
async function send(address: string, bytes: Buffer): Promise<Socket> {
  const [host, port] = address.split(":");
  const socket = connect({ host: host!, port: Number(port) });
  socket.on("error", () => {});
  socket.resume();
  await once(socket, "connect");
  socket.write(bytes);
  return socket;
}

describe("a request for what there is not", () => {
  test.each<[what: string, request: Message]>([
    ["the piece after the last", { pieceIndex: PIECES }],
    ["the last piece of all numbers", { pieceIndex: 0xffff_ffff }],
    ["one piece too many", { pieceIndex: 1, pieceCount: PIECES }],
    ["more pieces than numbers", { pieceIndex: 1, pieceCount: 0xffff_ffff }],
    ["the byte after the last of a piece", { pieceIndex: 0, offset: PIECE_LENGTH }],
    ["one byte too many", { pieceIndex: 0, offset: 1, length: PIECE_LENGTH }],
    ["one byte too many of the last piece", { pieceIndex: PIECES - 1, length: LAST_BYTES + 1 }],
    ["more bytes than numbers", { pieceIndex: 0, offset: 1, length: 0xffff_ffff }],
  ])("%s is out of range", async (_what, request) => {
    using client = new PlainClient(swarm.seederAddress);
    const { contentId } = swarm.content;
    expect(await client.readStream(PEER_SERVICE, "GetPiece", { contentId, ...request })).toMatchObject({
      messages: [],
      refusal: { code: status.OUT_OF_RANGE, reason: "PIECE_OUT_OF_RANGE" },
    });
  });
});

describe("more than a server takes", () => {
  test("a request above the largest is refused, by peer and tracker", async () => {
    using peer = new PlainClient(swarm.seederAddress);
    using tracker = new PlainClient(swarm.tracker.address);
    const contentId = "x".repeat(5 * MIB);
    const refused = { code: status.RESOURCE_EXHAUSTED };
    await expect(peer.unary(PEER_SERVICE, "ExchangePeers", { contentId })).rejects.toMatchObject(refused);
    expect((await peer.readStream(PEER_SERVICE, "GetPiece", { contentId })).refusal).toMatchObject(refused);
    await expect(tracker.unary(TRACKER_SERVICE, "Lookup", { contentId })).rejects.toMatchObject(refused);
    await expectAllIsWell();
  });

  test("a thousand calls of one client: served or refused by name, and others get their share meanwhile", async () => {
    using client = new PlainClient(swarm.seederAddress);
    const { contentId } = swarm.content;
    const watches = Array.from({ length: 500 }, () => watch(client, contentId));
    const pieces = Array.from({ length: 500 }, (_, index) => client.readStream(PEER_SERVICE, "GetPiece", { contentId, pieceIndex: index % PIECES }));
    const honest = expectDownload();
    const watched = await Promise.all(watches.map(({ first }) => first));
    const outcomes = await Promise.all(pieces);
    await honest;
    for (const { cancel } of watches) cancel();

    const refusedWatches = watched.filter((answer) => "code" in answer) as Refusal[];
    expectNamed(refusedWatches);
    expect(refusedWatches.length).toBe(500 - UPLOAD_CALLER_WATCHERS_MAX);
    const served = outcomes.filter(({ refusal }) => refusal === undefined);
    const refused = outcomes.filter(({ refusal }) => refusal !== undefined);
    expectNamed(refused.map(({ refusal }) => refusal));
    expect(served.length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(0);
    for (const outcome of served) expect(bytesOf(outcome)).toBeGreaterThanOrEqual(LAST_BYTES);
    await expectAllIsWell();
  });

  test("hundreds of calls that are cancelled leave no slot taken", async () => {
    using client = new PlainClient(swarm.seederAddress);
    await client.connect();
    const { contentId } = swarm.content;
    const calls = Array.from({ length: 500 }, (_, index) => {
      const caller = { peerId: randomBytes(16), port: 0 };
      const stream = client.stream(PEER_SERVICE, "GetPiece", { contentId, pieceIndex: index % PIECES, caller });
      // Before it is sent, when it is granted, or in between.
      if (index % 3 === 0) stream.cancel();
      else if (index % 3 === 1) stream.once("metadata", () => stream.cancel());
      else setImmediate(() => stream.cancel());
      return once(stream, "error");
    });
    await Promise.all(calls);
    const load = async (): Promise<unknown> => {
      const { first, cancel } = watch(client, contentId);
      const news = (await first) as Message;
      cancel();
      return news["load"];
    };
    await expect.poll(load, { timeout: 10_000 }).toMatchObject({ slotsTaken: 0, queueLength: 0 });
    await expectAllIsWell();
  });
});

const bytesOf = ({ messages }: StreamOutcome): number => messages.reduce((sum, message) => sum + (message["data"] as Buffer).length, 0);

/** Watches what a peer offers: `first` is its first news, or why there is none. */
function watch(client: PlainClient, contentId: string) {
  const stream = client.stream(PEER_SERVICE, "WatchPieces", { contentId });
  const first = new Promise<Message | Refusal>((resolve) => {
    stream.once("data", (message: Message) => resolve(message));
    stream.on("error", (error: ServiceError) => resolve(refusalOf(error)));
  });
  return { first, cancel: () => stream.cancel() };
}
