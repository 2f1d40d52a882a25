import { copyFile, open, rename, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LyingPeer } from "./lying-peer.js";
import { type Message, PlainClient } from "./plain-grpc.js";
import { startPeer, startTracker } from "./processes.js";
import { downloadFrom, type HonestSwarm, KIB, type Seeder, startHonestSwarm, startSeeder } from "./swarm-of-liars.js";
import { hashFile, writeTestFile } from "./test-files.js";

const PEER_SERVICE = "piecewise.v1.PeerService";
const PIECE_LENGTH = 256 * KIB;
const PIECES = 8;
const SHARE_FLAGS = ["--piece-length", String(PIECE_LENGTH)];

/** Changes one bit, and leaves size and time of the last change as they were. */
async function flipBit(path: string, offset: number): Promise<void> {
  const { atime, mtime } = await stat(path);
  await using file = await open(path, "r+");
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset);
  await file.write(Buffer.of(buffer[0]! ^ 1), 0, 1, offset);
  await file.sync();
  await utimes(path, atime, mtime);
}

/** What can happen to a file while it is shared. Piece 5 is damaged by each. */
const DAMAGES: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "is written to": async (path) => {
    await using file = await open(path, "r+");
    await file.write("other bytes", 5 * PIECE_LENGTH + 1000);
  },
  "has a bit that flipped, and the time of before": (path) => flipBit(path, 5 * PIECE_LENGTH + 1000),
  "is cut off": (path) => truncate(path, 5 * PIECE_LENGTH + 1000),
  "is gone": (path) => rm(path),
  "is another file of the same size": async (path) => {
    await writeTestFile(`${path}.new`, PIECES * PIECE_LENGTH, "another");
    await rename(`${path}.new`, path);
  },
};

const isOffered = (bitmap: Buffer, piece: number): boolean => (bitmap[piece >> 3]! & (0x80 >> (piece & 7))) !== 0;

/** What a peer offers now. */
async function offeredBy(client: PlainClient, contentId: string): Promise<Buffer> {
  const news = client.stream(PEER_SERVICE, "WatchPieces", { contentId });
  return await new Promise((resolve, reject) => {
    news.on("error", reject);
    news.once("data", (message: Message) => {
      resolve(message["offered"] as Buffer);
      news.cancel();
    });
  });
}

describe("a file that changes while it is shared", () => {
  let swarm: HonestSwarm;
  beforeAll(async () => {
    swarm = await startHonestSwarm({ bytes: PIECES * PIECE_LENGTH, pieceLength: PIECE_LENGTH, flags: ["--upload-limit", "6M"] });
  });
  afterAll(() => swarm[Symbol.asyncDispose]());

  async function startSharingCopy(name: string, flags: readonly string[] = []): Promise<Seeder & { readonly path: string }> {
    const path = swarm.folder.join(`${name}.bin`);
    await copyFile(swarm.path, path);
    const seeder = await startSeeder(path, swarm.tracker.address, [...SHARE_FLAGS, ...flags]);
    return { ...seeder, path };
  }

  test.each(Object.entries(DAMAGES))("and %s: no wrong byte is sent, and others complete the download", async (what, damage) => {
    const { contentId } = swarm.content;
    await using seeder = await startSharingCopy(what);
    using client = new PlainClient(seeder.address);
    const all = await client.readStream(PEER_SERVICE, "GetPiece", { contentId, pieceCount: PIECES });
    expect(all.refusal).toBeUndefined();

    await damage(seeder.path);
    const output = swarm.folder.join(`from ${what}`);
    await using fetcher = startPeer(downloadFrom([seeder.address, swarm.seederAddress], contentId, output));
    const finished = await fetcher.waitForEvent("finished");
    expect(await hashFile(output)).toBe(await hashFile(swarm.path));
    // Not even one that would have been thrown away.
    expect(finished["receivedBytes"]).toBeLessThanOrEqual((PIECES + 1) * PIECE_LENGTH);

    const { messages, refusal } = await client.readStream(PEER_SERVICE, "GetPiece", { contentId, pieceIndex: 5 });
    expect(messages).toEqual([]);
    expect(["PIECE_DAMAGED", "NOT_OFFERED"]).toContain(refusal?.reason);
    expect(isOffered(await offeredBy(client, contentId), 5)).toBe(false);
    // It tells its user, without a stack.
    expect(seeder.process.stderr[0]).toMatch(/"code":"(PIECE_DAMAGED|PATH_NOT_FOUND)"/);
    expect(seeder.process.stderr.join("\n")).not.toMatch(/ at .*:\d+:\d+/);
  });

  test("while a peer downloads it: what is wrong is thrown away, and others complete the download", async () => {
    await using seeder = await startSharingCopy("one", ["--upload-limit", "1M"]);
    await using other = await startSharingCopy("other", ["--upload-limit", "1M"]);
    const output = swarm.folder.join("meanwhile");
    await using fetcher = startPeer(downloadFrom([seeder.address, other.address], swarm.content.contentId, output));
    await fetcher.waitForEvent("progress", (event) => Number(event["verifiedBytes"]) > 0);
    await writeFile(seeder.path, Buffer.alloc(PIECES * PIECE_LENGTH));
    await fetcher.waitForEvent("finished");
    expect(await hashFile(output)).toBe(await hashFile(swarm.path));
  });

  test("and there is no other copy: the download waits with all that is good, and goes on when another copy is there", async () => {
    const { contentId } = swarm.content;
    await using lonely = await startTracker();
    const damaged = swarm.folder.join("lonely.bin");
    await copyFile(swarm.path, damaged);
    await using seeder = await startSeeder(damaged, lonely.address, SHARE_FLAGS);
    await flipBit(damaged, 5 * PIECE_LENGTH);
    const output = swarm.folder.join("lonely");
    await using fetcher = startPeer([...downloadFrom([seeder.address], contentId, output), "--tracker", lonely.address]);
    await fetcher.waitForEvent("progress", (event) => event["verifiedBytes"] === (PIECES - 1) * PIECE_LENGTH);
    await using _ = await startSeeder(swarm.path, lonely.address, SHARE_FLAGS);
    const finished = await fetcher.waitForEvent("finished");
    expect(finished["receivedBytes"]).toBe(PIECES * PIECE_LENGTH);
    expect(await hashFile(output)).toBe(await hashFile(swarm.path));
  });

  test("after it was downloaded, while it is seeded", async () => {
    const { contentId } = swarm.content;
    const copy = swarm.folder.join("seeded");
    await using source = await LyingPeer.start(swarm.content);
    await using seeding = startPeer([...downloadFrom([source.address], contentId, copy), "--seed"]);
    await seeding.waitForEvent("finished");
    const { caller } = (await source.calls.waitFor("GetPiece")) as { caller: { port: number } };
    using client = new PlainClient(`127.0.0.1:${caller.port}`);
    expect((await client.readStream(PEER_SERVICE, "GetPiece", { contentId, pieceIndex: 5 })).refusal).toBeUndefined();
    await flipBit(copy, 5 * PIECE_LENGTH);
    expect(await client.readStream(PEER_SERVICE, "GetPiece", { contentId, pieceIndex: 5 })).toMatchObject({
      messages: [],
      refusal: { reason: "PIECE_DAMAGED" },
    });
    expect((await client.readStream(PEER_SERVICE, "GetPiece", { contentId, pieceIndex: 4 })).refusal).toBeUndefined();
  });
});

test("a piece that goes bad on its way is reported, and withdrawn by whoever sent it", async () => {
  await using swarm = await startHonestSwarm({ bytes: PIECE_LENGTH, pieceLength: PIECE_LENGTH, flags: ["--upload-limit", "128K"] });
  const { contentId } = swarm.content;
  using watcher = new PlainClient(swarm.seederAddress);
  const news = watcher.stream(PEER_SERVICE, "WatchPieces", { contentId });
  news.on("error", () => {}); // It ends with the test.
  const withdrawn = new Promise((resolve) => {
    news.on("data", (message: { withdrawn: object[] }) => {
      if (message.withdrawn.length > 0) resolve(message.withdrawn);
    });
  });
  await using fetcher = startPeer([...downloadFrom([swarm.seederAddress], contentId, swarm.folder.join("copy")), "--timeout", "1"]);
  await fetcher.waitForEvent("progress", (event) => Number(event["receivedBytes"]) > 0);
  await flipBit(swarm.path, PIECE_LENGTH - 1);
  expect(await withdrawn).toEqual([{ first: 0, count: 1 }]);
  expect((await fetcher.waitForExit()).code).toBe(8);
  expect(fetcher.stderr).toEqual([expect.stringContaining(`${swarm.seederAddress}, failed with PIECE_DAMAGED`)]);
});
