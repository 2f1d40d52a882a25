import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { behaviourOf } from "./hostile/peer-lies.js";
import * as lies from "./lies.js";
import { LyingPeer } from "./lying-peer.js";
import { PlainClient } from "./plain-grpc.js";
import { runPeer, startPeer } from "./processes.js";
import { downloadBeside, downloadFrom, type HonestSwarm, KIB, startHonestSwarm, startSeeder } from "./swarm-of-liars.js";
import { hashFile } from "./test-files.js";

const PIECE_LENGTH = 256 * KIB;
const PEER_SERVICE = "piecewise.v1.PeerService";

let swarm: HonestSwarm;
beforeAll(async () => {
  // So slow that there is something left to ask the other peers for.
  swarm = await startHonestSwarm({ bytes: 12 * PIECE_LENGTH - 17, pieceLength: PIECE_LENGTH, flags: ["--upload-limit", "4M"] });
});
afterAll(() => swarm[Symbol.asyncDispose]());

describe("a peer that sends wrong bytes", () => {
  test("from the first piece on is asked once, told of it, and banned", async () => {
    await using liar = await LyingPeer.start(swarm.content, behaviourOf("wrong-bytes", swarm.content));
    const { wastedBytes, bytesFrom } = await downloadBeside([liar], swarm);
    const [asked, ...more] = liar.calls.of("GetPiece");
    expect(more).toEqual([]);
    expect(await liar.calls.waitFor("ReportBadPiece")).toMatchObject({ contentId: swarm.content.contentId, pieceIndex: asked!["pieceIndex"] });
    expect(liar.calls.of("WatchPieces")).toHaveLength(1);
    expect(wastedBytes).toBeLessThanOrEqual(PIECE_LENGTH);
    expect(bytesFrom(swarm.seederAddress)).toBe(swarm.content.totalBytes);
  });

  test("in one byte of some pieces is banned when the first of them is hashed", async () => {
    await using liar = await LyingPeer.start(swarm.content, behaviourOf("wrong-byte-in-some", swarm.content));
    const { wastedBytes } = await downloadBeside([liar], swarm);
    const reported = await liar.calls.waitFor("ReportBadPiece");
    expect((reported["pieceIndex"] as number) % 2).toBe(1);
    expect(liar.calls.of("ReportBadPiece")).toHaveLength(1);
    expect(liar.calls.of("WatchPieces")).toHaveLength(1);
    // Every piece that it can spoil, once.
    expect(wastedBytes).toBeLessThanOrEqual(6 * PIECE_LENGTH);
  });

  test("and does not answer the report holds nobody up", async () => {
    await using liar = await LyingPeer.start(swarm.content, { getPiece: lies.wrongBytes(), answersReports: false });
    await downloadBeside([liar], swarm);
    expect(liar.calls.of("ReportBadPiece")).toHaveLength(1);
    expect(liar.calls.of("GetPiece")).toHaveLength(1);
  });

  test("and is the only one: the download says so when the time is up", async () => {
    await using liar = await LyingPeer.start(swarm.content, behaviourOf("wrong-bytes", swarm.content));
    const output = swarm.folder.join("never");
    const peer = await runPeer([...downloadFrom([liar.address], swarm.content.contentId, output), "--timeout", "1"]);
    expect(peer.exitCode).toBe(8);
    expect(peer.stderr).toEqual([expect.stringContaining(`${liar.address}, failed with PIECE_DAMAGED`)]);
  });
});

test("of a piece from two peers only the one that lied is banned", async () => {
  // Four seconds for a piece: there is time to end it in the middle of the first one.
  await using seeder = await startSeeder(swarm.path, swarm.tracker.address, ["--piece-length", String(PIECE_LENGTH), "--upload-limit", "64K"]);
  const { address } = seeder;
  const nothing = Buffer.alloc(2);
  // Wrong where another peer began, right where it is alone: only a comparison of ranges shows who lied.
  await using liar = await LyingPeer.start(swarm.content, { ...behaviourOf("wrong-where-others-began", swarm.content), offered: nothing });
  const output = swarm.folder.join("blame");
  await using fetcher = startPeer(downloadFrom([address, liar.address], swarm.content.contentId, output));
  await liar.calls.waitFor("WatchPieces");
  await fetcher.waitForEvent("progress", (event) => Number(event["receivedBytes"]) > 0 && Number(event["verifiedBytes"]) === 0);
  seeder.process.signal("SIGKILL");
  await seeder.process.waitForExit();
  // Before it has noticed, the fetcher would ask for another piece.
  await fetcher.waitForEvent("progress", () => fetcher.events.at(-1)?.["connectedPeers"] === 1);
  liar.tellWatchers({ added: [{ first: 0, count: swarm.content.pieceCount }] });
  await liar.calls.waitFor("ReportBadPiece");
  const [partly, whole, ...more] = liar.calls.of("GetPiece");
  expect(partly).toMatchObject({ pieceIndex: whole!["pieceIndex"], offset: expect.toSatisfy((offset: number) => offset > 0) });
  expect(whole).toMatchObject({ offset: 0 });
  expect(more).toEqual([]);

  await using _ = await startSeeder(swarm.path, swarm.tracker.address, ["--piece-length", String(PIECE_LENGTH), "--listen", address]);
  await fetcher.waitForEvent("finished");
  expect(await hashFile(output)).toBe(await hashFile(swarm.path));
  expect(liar.calls.of("GetPiece")).toHaveLength(2);
});

test("a liar that comes again under its address with another id is not dialled again, nor passed on", async () => {
  await using slow = await startHonestSwarm({ bytes: 8 * PIECE_LENGTH, pieceLength: PIECE_LENGTH, flags: ["--upload-limit", "256K"] });
  const { contentId } = slow.content;
  await using liar = await LyingPeer.start(slow.content, { getPiece: lies.wrongBytes() });
  const flags = [...downloadFrom([liar.address, slow.seederAddress], contentId, slow.folder.join("copy")), "--tracker", slow.tracker.address];
  await using fetcher = startPeer(flags);
  const { caller } = (await liar.calls.waitFor("ReportBadPiece")) as { caller: { port: number } };
  await liar.restart();

  // It calls the one that banned it ...
  using banned = new PlainClient(`127.0.0.1:${caller.port}`);
  const news = banned.stream(PEER_SERVICE, "WatchPieces", { contentId, caller: { peerId: liar.peerId, port: liar.port } });
  news.on("error", () => {}); // It ends with the test.
  await once(news, "data");
  const { peers } = (await banned.unary(PEER_SERVICE, "ExchangePeers", { contentId })) as { peers: { address: string }[] };
  expect(peers.map((peer) => peer.address)).toEqual([slow.seederAddress]);

  // ... and tells the tracker, which names it together with a peer that comes after it.
  await liar.register(slow.tracker.address, "film.bin");
  await using newcomer = await LyingPeer.start(slow.content);
  await newcomer.register(slow.tracker.address, "film.bin");
  await newcomer.calls.waitFor("WatchPieces");
  await fetcher.waitForEvent("finished");
  expect(liar.calls.of("WatchPieces")).toHaveLength(1);
});
