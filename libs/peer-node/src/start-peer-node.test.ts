import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContentId, parseHostPort, RemoteError } from "@piecewise/base";
import { PeerService } from "@piecewise/contract";
import { callStranger } from "@piecewise/rpc";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startPeerNode, type PeerNode, type PeerNodeOptions } from "./index.js";
import { aborted } from "./testing/fake-peer.js";
import { type LeaseRequest, leaseOf, startFakeTracker } from "./testing/fake-tracker.js";
import { until } from "./testing/until.js";

const MIB = 1_048_576;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const idOf = (call: LeaseRequest | undefined) => call?.name === "register" && call.request.peerId;

describe("peer node", () => {
  let folder: string;
  const nodes: PeerNode[] = [];
  const start = async (limits: Partial<PeerNodeOptions> = {}): Promise<PeerNode> => {
    const node = await startPeerNode({ trackers: [], listen: "127.0.0.1:0", ...limits });
    nodes.push(node);
    return node;
  };
  const original = async (bytes: number): Promise<string> => {
    const path = join(folder, "original");
    await writeFile(path, randomBytes(bytes));
    return path;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "piecewise-node-"));
  });
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
    await rm(folder, { recursive: true });
  });

  test("shares, downloads from a given peer, and says who gave what", async () => {
    const path = await original(9 * MIB + 5);
    const seeder = await start();
    const shared = await seeder.share(path, { pieceLength: MIB });
    expect(shared).toMatchObject({ name: "original", totalBytes: 9 * MIB + 5, pieceCount: 10, fileCount: 1, skipped: [] });
    const fetcher = await start();
    const output = join(folder, "copy");
    const result = await fetcher.download({ contentId: shared.contentId, peers: [seeder.listenAddress] }, { output });
    expect(result).toMatchObject({ path: output, bytes: 9 * MIB + 5, receivedBytes: 9 * MIB + 5, resumedBytes: 0 });
    expect(result.peers).toEqual([{ address: seeder.listenAddress, bytes: 9 * MIB + 5, pieces: 10 }]);
    expect(sha256(await readFile(output))).toBe(sha256(await readFile(path)));
  });

  test("who has downloaded serves the next one, when the first seeder is gone", async () => {
    const path = await original(4 * MIB);
    const seeder = await start();
    const { contentId } = await seeder.share(path);
    const second = await start();
    await second.download({ contentId, peers: [seeder.listenAddress] }, { output: join(folder, "second") });
    await seeder.close();
    const third = await start();
    const result = await third.download({ contentId, peers: [second.listenAddress] }, { output: join(folder, "third") });
    expect(result.peers.map((peer) => peer.address)).toEqual([second.listenAddress]);
    expect(sha256(await readFile(join(folder, "third")))).toBe(sha256(await readFile(path)));
  });

  test("a peer that knows one other finds a second through it, without any tracker", async () => {
    const path = await original(8 * MIB);
    const seeder = await start({ uploadBytesPerSecond: 4 * MIB });
    const { contentId } = await seeder.share(path, { pieceLength: 256 * 1024 });
    const second = await start({ uploadBytesPerSecond: 4 * MIB });
    await second.download({ contentId, peers: [seeder.listenAddress] }, { output: join(folder, "second") });
    const third = await start();
    const result = await third.download({ contentId, peers: [seeder.listenAddress] }, { output: join(folder, "third") });
    const gaveBytes = result.peers.filter((peer) => peer.bytes > 0).map((peer) => peer.address);
    expect(gaveBytes.toSorted()).toEqual([seeder.listenAddress, second.listenAddress].toSorted());
  });

  test("a peer passes on whom it fetched from", async () => {
    const path = await original(3 * MIB);
    const seeder = await start({ uploadBytesPerSecond: 4 * MIB });
    const { contentId } = await seeder.share(path, { pieceLength: 128 * 1024 });
    const second = await start({ uploadBytesPerSecond: 4 * MIB });
    await second.download({ contentId, peers: [seeder.listenAddress] }, { output: join(folder, "second") });
    const third = await start();
    const result = await third.download({ contentId, peers: [second.listenAddress] }, { output: join(folder, "third") });
    expect(result.peers.map((peer) => peer.address).toSorted()).toEqual([seeder.listenAddress, second.listenAddress].toSorted());
  });

  test("a cancelled download rejects with CANCELLED and a second one goes on from what it had", async () => {
    const path = await original(6 * MIB);
    const seeder = await start();
    const { contentId } = await seeder.share(path, { pieceLength: 256 * 1024 });
    const output = join(folder, "copy");
    const target = { contentId, peers: [seeder.listenAddress] };
    const slow = await start({ downloadBytesPerSecond: 2 * MIB });
    const cancel = new AbortController();
    const cancelled = slow.download(target, {
      output,
      signal: cancel.signal,
      onProgress: ({ verifiedBytes }) => {
        if (verifiedBytes > 0) cancel.abort();
      },
    });
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    const fetcher = await start();
    const result = await fetcher.download(target, { output });
    expect(result.resumedBytes).toBeGreaterThan(0);
    expect(result.receivedBytes + result.resumedBytes).toBe(6 * MIB);
    expect(sha256(await readFile(output))).toBe(sha256(await readFile(path)));
  });

  test("of two downloads of one content at the same time one goes on, and its content is served", async () => {
    const path = await original(MIB);
    const seeder = await start();
    const { contentId } = await seeder.share(path, { pieceLength: 64 * 1024 });
    const fetcher = await start();
    const target = { contentId, peers: [seeder.listenAddress] };
    const outcomes = await Promise.allSettled(["a", "b"].map((name) => fetcher.download(target, { output: join(folder, name) })));
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "INVALID_ARGUMENT" } });
    await seeder.close();
    const output = join(folder, "third");
    await (await start()).download({ contentId, peers: [fetcher.listenAddress] }, { output });
    expect(sha256(await readFile(output))).toBe(sha256(await readFile(path)));
  });

  test("a download without any source ends with NO_PEERS", async () => {
    const fetcher = await start();
    const contentId = (await (await start()).share(await original(1))).contentId;
    const result = fetcher.download({ contentId, peers: ["127.0.0.1:9"] }, { output: join(folder, "copy"), sourceTimeoutMs: 300 });
    await expect(result).rejects.toMatchObject({ code: "NO_PEERS" });
  });

  test.each(["nonsense", "127.0.0.1", "127.0.0.1:0"])("the peer %j cannot be asked", async (address) => {
    const fetcher = await start();
    const target = { contentId: `sha256:${"0".repeat(64)}` as ContentId, peers: [address] };
    await expect(fetcher.download(target, { output: join(folder, "copy") })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(fetcher.fetchManifest(target)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("Identify names the id under which each tracker knows the peer", async () => {
    let registrations = 0;
    await using tracker = await startFakeTracker({
      register() {
        if ((registrations += 1) === 1) throw new RemoteError("LEASE_TOKEN_WRONG", "there is a live lease with another token");
        return leaseOf(60_000);
      },
    });
    await using other = await startFakeTracker();
    const node = await start({ trackers: [tracker.address, other.address] });
    const shared = node.share(await original(10));
    await until(() => tracker.calls.length + other.calls.length === 3);
    await shared;
    const address = parseHostPort(node.listenAddress, "the peer");
    const answer = await callStranger(PeerService.method.identify, {}, { address, timeoutMs: 5_000, answerBytesMax: 1_000 });
    expect(answer).toMatchObject({ peerId: idOf(other.calls[0]), otherPeerIds: [idOf(tracker.calls[1])] });
    expect(idOf(tracker.calls[0])).toEqual(answer?.peerId);
  });

  test("who stops sharing need not wait for a tracker that does not answer", async () => {
    await using tracker = await startFakeTracker({ register: (_, { signal }) => aborted(signal).then(() => ({})) });
    const node = await start({ trackers: [tracker.address] });
    const path = await original(10);
    for (const stop of [(cancel: AbortController) => cancel.abort(), () => node.close()]) {
      const cancel = new AbortController();
      const shared = node.share(path, { signal: cancel.signal }).catch((error: unknown) => error);
      await until(() => tracker.calls.length > 0);
      void stop(cancel);
      expect(await shared).toMatchObject({ code: "CANCELLED" });
    }
  });

  test("close is idempotent, and ends a download that is under way", async () => {
    const fetcher = await start();
    const contentId = (await (await start()).share(await original(1))).contentId;
    const result = fetcher.download({ contentId, peers: ["127.0.0.1:9"] }, { output: join(folder, "copy") });
    const ended = result.catch((error: unknown) => error);
    await Promise.all([fetcher.close(), fetcher.close()]);
    expect(await ended).toMatchObject({ code: "CANCELLED" });
  });
});
