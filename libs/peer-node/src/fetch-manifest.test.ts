import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContentId } from "@piecewise/base";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startPeerNode, type PeerNode } from "./index.js";

let folder: string;
const nodes: PeerNode[] = [];

async function start(): Promise<PeerNode> {
  const node = await startPeerNode({ trackers: [], listen: "127.0.0.1:0" });
  nodes.push(node);
  return node;
}

async function shareFile(): Promise<{ readonly seeder: PeerNode; readonly contentId: ContentId }> {
  const path = join(folder, "file");
  await writeFile(path, "x".repeat(1_000));
  const seeder = await start();
  const { contentId } = await seeder.share(path, { pieceLength: 300 });
  return { seeder, contentId };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "piecewise-manifest-"));
});
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
  await rm(folder, { recursive: true });
});

test("a manifest comes from a peer, or from this one if it has the content", async () => {
  const { seeder, contentId } = await shareFile();
  const manifest = { totalBytes: 1_000, pieceLength: 300, entries: [{ path: "", bytes: 1_000 }] };
  expect(await (await start()).fetchManifest({ contentId, peers: ["127.0.0.1:9", seeder.listenAddress] })).toMatchObject(manifest);
  expect(await seeder.fetchManifest({ contentId })).toMatchObject(manifest);
});

test("who asked for a manifest does not take part in the swarm", async () => {
  const { seeder, contentId } = await shareFile();
  const asker = await start();
  await asker.fetchManifest({ contentId, peers: [seeder.listenAddress] });
  const fromAsker = (await start()).fetchManifest({ contentId, peers: [asker.listenAddress] }, { sourceTimeoutMs: 300 });
  await expect(fromAsker).rejects.toMatchObject({ code: "NO_PEERS" });
});

test("no peer in time, a signal, and closing end the wait", async () => {
  const { contentId } = await shareFile();
  const target = { contentId, peers: ["127.0.0.1:9"] };
  const asker = await start();
  await expect(asker.fetchManifest(target, { sourceTimeoutMs: 300 })).rejects.toMatchObject({ code: "NO_PEERS" });
  await expect(asker.fetchManifest(target, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
  const closed = asker.fetchManifest(target, { sourceTimeoutMs: 0 }).catch((error: unknown) => error);
  await asker.close();
  expect(await closed).toMatchObject({ code: "CANCELLED" });
});
