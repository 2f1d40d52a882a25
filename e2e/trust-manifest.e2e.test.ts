import { mkdir, readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contentOfManifest, ILLEGAL_MANIFESTS, largestManifest } from "./hostile/illegal-manifests.js";
import { behavioursOf } from "./hostile/peer-lies.js";
import { LyingPeer } from "./lying-peer.js";
import { runPeer, startPeer } from "./processes.js";
import { downloadFrom, type HonestSwarm, KIB, startHonestSwarm, startLiars } from "./swarm-of-liars.js";
import { openTempFolder } from "./temp-folder.js";
import { hashFile } from "./test-files.js";

const LIES = ["manifest-of-another", "manifest-empty", "manifest-cut-short", "manifest-and-more", "manifest-endless", "manifest-empty-parts"];

describe("a manifest that the content id is not the hash of", () => {
  let swarm: HonestSwarm;
  beforeAll(async () => {
    swarm = await startHonestSwarm({ bytes: 300 * KIB, pieceLength: 64 * KIB });
  });
  afterAll(() => swarm[Symbol.asyncDispose]());

  test("gets whoever sent it banned, and another is asked", async () => {
    const { contentId } = swarm.content;
    await using liars = await startLiars(swarm.content, behavioursOf(LIES, swarm.content));
    const peers = [...liars.peers.values()];
    const output = swarm.folder.join("copy");
    // The honest one is silent until all have lied.
    swarm.seeder.signal("SIGSTOP");
    await using fetcher = startPeer(downloadFrom([...peers.map(({ address }) => address), swarm.seederAddress], contentId, output));
    await Promise.all(peers.map((liar) => liar.calls.waitFor("GetManifest"))).finally(() => swarm.seeder.signal("SIGCONT"));
    await fetcher.waitForEvent("finished");
    expect(await hashFile(output)).toBe(await hashFile(swarm.path));
    for (const [what, liar] of liars.peers) {
      expect(liar.calls.of("WatchPieces"), what).toHaveLength(1);
      expect(liar.calls.of("GetManifest"), what).toHaveLength(1);
      expect(liar.calls.of("GetPiece"), what).toEqual([]);
    }
  });

  test("and one that does not come holds nobody up", async () => {
    const { contentId } = swarm.content;
    await using liars = await startLiars(swarm.content, behavioursOf(["manifest-silent", "manifest-byte-by-byte"], swarm.content));
    const peers = [...liars.peers.values()];
    swarm.seeder.signal("SIGSTOP");
    await using fetcher = startPeer(downloadFrom([...peers.map(({ address }) => address), swarm.seederAddress], contentId, swarm.folder.join("in time")));
    await Promise.all(peers.map((liar) => liar.calls.waitFor("GetManifest"))).finally(() => swarm.seeder.signal("SIGCONT"));
    // Long before the first two are given up, after 15 s.
    await fetcher.waitForEvent("finished", () => true, 10_000);
    expect(await hashFile(swarm.folder.join("in time"))).toBe(await hashFile(swarm.path));
  });
});

describe.concurrent("a manifest that is what the content id says, and is not legal", () => {
  test.each(Object.entries(ILLEGAL_MANIFESTS))("%s", async (_what, manifestOf) => {
    const content = contentOfManifest(manifestOf());
    const { contentId } = content;
    await using folder = await openTempFolder();
    await using liar = await LyingPeer.start(content);
    const cwd = folder.join("here");
    await mkdir(cwd);
    const peer = await runPeer([...downloadFrom([liar.address], contentId, folder.join("target")), "--timeout", "5"], { cwd });
    expect(peer.exitCode, peer.transcript()).toBe(4);
    expect(peer.events.at(-1)).toMatchObject({ event: "error", code: "MANIFEST_INVALID" });
    expect(peer.stderr).toEqual([expect.stringMatching(/^peer: the manifest is not legal: \P{Cc}+; ask whoever shares this content to share it again$/u)]);
    expect(await readdir(folder.path, { recursive: true })).toEqual(["here"]);
    expect(liar.calls.of("GetPiece")).toEqual([]);
  });
});

test("the largest manifest that is legal: the disk is too small, and the memory is not", async () => {
  const content = contentOfManifest(largestManifest());
  await using folder = await openTempFolder();
  await using liar = await LyingPeer.start(content);
  const peer = await runPeer(downloadFrom([liar.address], content.contentId, folder.join("target")), { env: { NODE_OPTIONS: "--max-old-space-size=256" } });
  expect(peer.exitCode, peer.transcript()).toBe(5);
  expect(peer.events.at(-1)).toMatchObject({ event: "error", code: "DISK_FULL" });
  expect(liar.calls.of("GetPiece")).toEqual([]);
});
