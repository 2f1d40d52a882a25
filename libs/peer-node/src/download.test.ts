import { create, toBinary } from "@bufbuild/protobuf";
import { contentIdFromHash, createPrng, StorageError } from "@piecewise/base";
import { ManifestEntryKind, ManifestSchema } from "@piecewise/contract";
import { createDownloadEngine, createTransferBudget, type DownloadCommand } from "@piecewise/piece-engine";
import { openMemoryStore, sha256 } from "@piecewise/piece-store";
import { afterEach, describe, expect, test } from "vitest";
import type { DownloadWorld } from "./command-runner.js";
import { FakeEngine } from "./testing/fake-engine.js";
import { testFile } from "./testing/fake-content.js";
import { servingAll, startFakePeer } from "./testing/fake-peer.js";
import { fakeWorld, type StartedDownload, startDownload } from "./testing/fake-world.js";
import { until } from "./testing/until.js";

const file = testFile(3_500, 1_000);
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function start(engine: FakeEngine, changes: Partial<DownloadWorld> = {}): StartedDownload {
  const started = startDownload(engine, fakeWorld(file.contentId, changes).world);
  closers.push(() => started.stop.abort());
  return started;
}

describe("the loop", () => {
  const ban: DownloadCommand = { type: "banPeer", peer: 1, address: "192.0.2.1:1" };
  const fail: DownloadCommand = { type: "fail", code: "DISK_FULL", message: "no room" };

  test("events that arise while commands run wait until they have run", () => {
    const log: string[] = [];
    const engine = new FakeEngine({
      peersNotFound: () => [ban, { type: "lookupPeers" }],
      peersFound: () => {
        log.push("heard");
        return [];
      },
    });
    const { download } = start(engine, {
      banned() {
        download.tell({ type: "peersFound", source: "caller", addresses: [] });
        log.push("banned");
      },
      lookupPeers() {
        log.push("asked");
        return new Promise(() => {});
      },
    });
    download.tell({ type: "peersNotFound", source: "tracker" });
    expect(log).toEqual(["banned", "asked", "heard"]);
  });

  test("the brain is woken at its deadline", async () => {
    const engine = new FakeEngine();
    engine.nextDeadlineMs = performance.now() + 1;
    engine.answers = {
      deadlineReached() {
        engine.nextDeadlineMs = Number.POSITIVE_INFINITY;
        return [];
      },
    };
    start(engine);
    await until(() => engine.heard.length === 2);
    expect(engine.heardTypes).toEqual(["started", "deadlineReached"]);
  });

  test("a signal is told to the brain, whose word is the end", async () => {
    const engine = new FakeEngine({ cancelled: () => [{ type: "fail", code: "CANCELLED", message: "as it was asked" }] });
    const { ended, stop } = start(engine);
    stop.abort();
    expect(await ended).toMatchObject({ code: "CANCELLED", message: "as it was asked" });
    expect(engine.heardTypes).toEqual(["started", "cancelled"]);
  });

  test("after the end the brain hears nothing more", async () => {
    const engine = new FakeEngine({ peersFound: () => [fail] });
    const { download, ended, stop } = start(engine);
    download.tell({ type: "peersFound", source: "caller", addresses: [] });
    expect(await ended).toMatchObject({ code: "DISK_FULL", message: "no room" });
    download.tell({ type: "peersNotFound", source: "tracker" });
    stop.abort();
    expect(engine.heardTypes).toEqual(["started", "peersFound"]);
  });

  test("tells how far it is now and then, and when it is done", async () => {
    const engine = new FakeEngine();
    const { download, ended, progress } = start(engine);
    await until(() => progress.length === 1);
    engine.answers = { peersNotFound: () => [{ type: "finish" }] };
    download.tell({ type: "peersNotFound", source: "tracker" });
    expect(await ended).toBeUndefined();
    expect(progress).toHaveLength(2);
  });
});

describe("with its brain", () => {
  function begin(peers: readonly string[], changes: Partial<DownloadWorld> = {}) {
    const { world, noted } = fakeWorld(file.contentId, changes);
    const engine = createDownloadEngine({ prng: createPrng(1), budget: createTransferBudget({}), givenAddresses: peers, hasTracker: false });
    const started = startDownload(engine, world);
    closers.push(() => started.stop.abort());
    return { started, noted };
  }
  async function download(peers: readonly string[], changes: Partial<DownloadWorld> = {}) {
    const { started, noted } = begin(peers, changes);
    return { error: await started.ended, noted, progress: started.progress };
  }
  const servingAt = async (handlers = servingAll(file)): Promise<string> => {
    const peer = await startFakePeer(handlers);
    closers.push(() => peer.close({ drainMs: 0 }));
    return peer.address;
  };

  test("everything comes from a peer that has it, and is told on the way", async () => {
    const address = await servingAt();
    const { error, noted, progress } = await download([address]);
    expect(error).toBeUndefined();
    expect(noted[0]).toBe(`heard ${address}`);
    expect(noted.filter((note) => note.startsWith("stored")).toSorted()).toEqual(["stored 0", "stored 1", "stored 2", "stored 3"]);
    expect(progress.at(-1)).toMatchObject({ verifiedBytes: 3_500, receivedBytes: 3_500, peers: [{ address, bytes: 3_500, pieces: 4 }] });
  });

  test("a store that cannot be opened ends it with its code", async () => {
    const full = new StorageError("DISK_FULL", "no room on the disk");
    const { error } = await download([await servingAt()], { openStore: () => Promise.reject(full) });
    expect(error).toMatchObject({ code: "DISK_FULL", message: "no room on the disk" });
  });

  test.each(["verify", "store"] as const)("a store that fails to %s ends it with its code", async (method) => {
    const { contentId, manifest, manifestBytes } = file;
    const store = openMemoryStore({ contentId, manifest, manifestBytes });
    Object.assign(store, { [method]: () => Promise.reject(new StorageError("PATH_NOT_WRITABLE", "the disk is read-only")) });
    const { error } = await download([await servingAt()], { openStore: async () => store });
    expect(error).toMatchObject({ code: "PATH_NOT_WRITABLE" });
  });

  test.each([
    ["a path that escapes", { ...file.manifest, totalBytes: 3_500n, entries: [{ path: "../x", kind: ManifestEntryKind.FILE, sizeBytes: 3_500n }] }],
    ["absurd sizes", { ...file.manifest, totalBytes: 2n ** 63n, entries: [{ kind: ManifestEntryKind.FILE, sizeBytes: 2n ** 63n }] }],
    ["nothing in it", {}],
  ])("a manifest with %s that is what the id says ends it, for nobody has a better one", async (_, manifest) => {
    const data = toBinary(ManifestSchema, create(ManifestSchema, manifest));
    const contentId = contentIdFromHash(sha256(data));
    const address = await servingAt({ ...servingAll(file), getManifest: async (__, ___, stream) => void (data.length > 0 && stream.write({ data })) });
    const { error, noted } = await download([address], { contentId });
    expect(error).toMatchObject({ code: "MANIFEST_INVALID" });
    expect(noted).toEqual([`heard ${address}`]);
  });

  test("a manifest that is not what the id says is asked of another peer", async () => {
    const liar = await servingAt({ ...servingAll(file), getManifest: async (_, __, stream) => void stream.write({ data: new Uint8Array(10) }) });
    const honest = await servingAt();
    const { started, noted } = begin([liar]);
    await until(() => noted.includes(`banned ${liar}`));
    started.download.tell({ type: "peersFound", source: "tracker", addresses: [honest] });
    expect(await started.ended).toBeUndefined();
  });

  test("bytes that are wrong are reported to who sent them, who is banned, and others are asked", async () => {
    const reported: number[] = [];
    const liar = await servingAt({
      ...servingAll(file),
      async getPiece({ pieceIndex }, _, stream) {
        stream.write({ pieceIndex, offset: 0, data: new Uint8Array(file.pieceBytes(pieceIndex).length) });
      },
      reportBadPiece({ pieceIndex }) {
        reported.push(pieceIndex);
        return {};
      },
    });
    const honest = await servingAt();
    const { started, noted } = begin([liar]);
    await until(() => reported.length > 0 && noted.includes(`banned ${liar}`));
    started.download.tell({ type: "peersFound", source: "tracker", addresses: [honest] });
    expect(await started.ended).toBeUndefined();
    expect(started.download.progress().peers).toContainEqual({ address: honest, bytes: 3_500, pieces: 4 });
  });
});
