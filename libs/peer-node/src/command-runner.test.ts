import { MIB, RemoteError } from "@piecewise/base";
import type { DownloadCommand, DownloadEvent } from "@piecewise/piece-engine";
import { openMemoryStore, type PieceStore } from "@piecewise/piece-store";
import { afterEach, describe, expect, test } from "vitest";
import type { DownloadWorld } from "./command-runner.js";
import { deferred } from "./testing/deferred.js";
import { FakeEngine } from "./testing/fake-engine.js";
import { testFile } from "./testing/fake-content.js";
import { aborted, type PeerHandlers, servingAll, startFakePeer } from "./testing/fake-peer.js";
import { fakeWorld, startDownload } from "./testing/fake-world.js";
import { until } from "./testing/until.js";

const PEER = 7;
const file = testFile(3_500, 1_000);
const { contentId, manifest, manifestBytes } = file;
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A download whose brain is the test: `command` has things done, `heard` is what came of them. */
function start(changes: Partial<DownloadWorld> = {}) {
  const engine = new FakeEngine({ cancelled: () => [{ type: "fail", code: "CANCELLED", message: "" }] });
  const { world, noted } = fakeWorld(contentId, changes);
  const { download, stop } = startDownload(engine, world);
  closers.push(() => stop.abort());
  engine.heard.length = 0;
  const command = (...commands: readonly DownloadCommand[]): void => {
    engine.answers = { ...engine.answers, started: () => commands };
    download.tell({ type: "started" });
    engine.heard.splice(engine.heard.findIndex(({ type }) => type === "started"), 1);
  };
  const hears = async <Type extends DownloadEvent["type"]>(type: Type): Promise<Extract<DownloadEvent, { type: Type }>> => {
    const isIt = (event: DownloadEvent): event is Extract<DownloadEvent, { type: Type }> => event.type === type;
    await until(() => engine.heard.some(isIt));
    return engine.heard.find(isIt)!;
  };
  return { engine, command, hears, noted, download };
}

async function servingAt(handlers: Partial<PeerHandlers> = servingAll(file)): Promise<string> {
  const peer = await startFakePeer(handlers);
  closers.push(() => peer.close({ drainMs: 0 }));
  return peer.address;
}

/** A download that is connected to a peer. */
async function connected(handlers: Partial<PeerHandlers>, changes: Partial<DownloadWorld> = {}) {
  const address = await servingAt({ ...servingAll(file), ...handlers });
  const started = start(changes);
  started.command({ type: "connectPeer", peer: PEER, address });
  await started.hears("peerConnected");
  started.engine.heard.length = 0;
  return { ...started, address };
}

/** The same with the manifest, and with a store to put pieces into. */
async function withStore(handlers: Partial<PeerHandlers>, store: PieceStore = openMemoryStore({ contentId, manifest, manifestBytes })) {
  const started = await connected(handlers, { openStore: async () => store });
  started.command({ type: "fetchManifest", peer: PEER });
  const { geometry } = await started.hears("manifestReceived");
  started.command({ type: "openStore", geometry });
  await started.hears("storeOpened");
  started.engine.heard.length = 0;
  return { ...started, store };
}

const openStream: DownloadCommand = { type: "openStream", stream: 1, peer: PEER, runs: [{ first: 0, count: 2 }], offset: 0, length: 0 };

describe("a peer", () => {
  test("is watched: the whole offer first, then news, load, and signs of life", async () => {
    const address = await servingAt({
      async watchPieces(request, { signal }, stream) {
        expect(request).toMatchObject({ contentId, caller: { port: 4001 } });
        stream.write({ offered: Uint8Array.of(0x80), load: { slotsTaken: 3, slotsMax: 4, queueLength: 0 } });
        stream.write({ added: [{ first: 1, count: 2 }], withdrawn: [{ first: 0, count: 1 }] });
        stream.write({});
        stream.write({ goingAway: true });
        await aborted(signal);
      },
    });
    const { engine, command, hears, noted } = start();
    command({ type: "connectPeer", peer: PEER, address });
    await hears("peerGoingAway");
    expect(engine.heard).toMatchObject([
      { type: "peerConnected", peer: PEER, offered: Uint8Array.of(0x80) },
      { type: "peerLoadChanged", peer: PEER, slotsFree: 1, queueLength: 0 },
      { type: "peerOffers", peer: PEER, added: [{ first: 1, count: 2 }], withdrawn: [{ first: 0, count: 1 }] },
      { type: "peerHeard", peer: PEER },
      { type: "peerGoingAway", peer: PEER },
    ]);
    // At every sign of life, for those that are passed on are those heard of lately; the last message was none.
    expect(noted).toEqual(Array(3).fill(`heard ${address}`));
  });

  test("that refuses, is not there, or ends is disconnected, and the brain hears why", async () => {
    const refusing = await servingAt({
      async watchPieces() {
        throw new RemoteError("BUSY", "too many watchers", { retryAfterMs: 900 });
      },
    });
    const ending = await servingAt({ watchPieces: async () => {} });
    const { engine, command } = start();
    command(
      { type: "connectPeer", peer: 1, address: refusing },
      { type: "connectPeer", peer: 2, address: "127.0.0.1:9" },
      { type: "connectPeer", peer: 3, address: ending },
    );
    await until(() => engine.heard.length === 3);
    expect(engine.heard).toEqual(
      expect.arrayContaining([
        { type: "peerDisconnected", peer: 1, code: "BUSY", retryAfterMs: 900 },
        { type: "peerDisconnected", peer: 2, code: "PEER_UNREACHABLE", retryAfterMs: undefined },
        { type: "peerDisconnected", peer: 3, code: "GOING_AWAY", retryAfterMs: undefined },
      ]),
    );
  });

  test("that ends takes its streams with it, without a word of each", async () => {
    const end = deferred();
    const { engine, command, hears } = await withStore({
      async watchPieces(_, __, stream) {
        stream.write({ offered: Uint8Array.of(0xf0) });
        await end.promise;
      },
      async getPiece(_, { signal }, stream) {
        stream.sendHeaders();
        await aborted(signal);
      },
    });
    command(openStream, { ...openStream, stream: 2 });
    await until(() => engine.heard.length === 2);
    end.resolve();
    await hears("peerDisconnected");
    expect(engine.heardTypes).toEqual(["streamGranted", "streamGranted", "peerDisconnected"]);
  });

  test("that is dropped is not heard again", async () => {
    const gone = deferred();
    const { engine, command } = await withStore({
      async getPiece(_, { signal }, stream) {
        stream.sendHeaders();
        await aborted(signal);
        gone.resolve();
      },
    });
    command(openStream);
    await until(() => engine.heard.length === 1);
    command({ type: "dropPeer", peer: PEER });
    await gone.promise;
    expect(engine.heardTypes).toEqual(["streamGranted"]);
  });

  test("that is banned is dropped after it was told of its bad piece", async () => {
    const reported = deferred<number>();
    const { command, noted, address } = await connected({
      reportBadPiece({ pieceIndex }) {
        reported.resolve(pieceIndex);
        return {};
      },
    });
    command({ type: "reportBadPiece", peer: PEER, piece: 2 }, { type: "banPeer", peer: PEER, address });
    expect(await reported.promise).toBe(2);
    expect(noted).toContain(`banned ${address}`);
  });
});

describe("the manifest", () => {
  test("asked of two is taken from the one that answers, and the other hears that it is not wanted any more", async () => {
    const gone = deferred();
    const { engine, command, hears } = await connected({ getManifest: (_, { signal }) => aborted(signal).then(gone.resolve) });
    const other = PEER + 1;
    command({ type: "connectPeer", peer: other, address: await servingAt() });
    await hears("peerConnected");
    engine.heard.length = 0;
    command({ type: "fetchManifest", peer: PEER }, { type: "fetchManifest", peer: other });
    expect(await hears("manifestReceived")).toMatchObject({ peer: other });
    await gone.promise;
    expect(engine.heardTypes).toEqual(["manifestReceived"]);
  });
});

describe("a stream", () => {
  test("is granted, brings its chunks and ends", async () => {
    const { engine, command, hears, noted } = await withStore({});
    command(openStream);
    await hears("streamEnded");
    expect(engine.heard).toEqual([
      { type: "streamGranted", stream: 1 },
      { type: "chunkReceived", stream: 1, piece: 0, offset: 0, bytes: 1_000 },
      { type: "chunkReceived", stream: 1, piece: 1, offset: 0, bytes: 1_000 },
      { type: "streamEnded", stream: 1 },
    ]);
    expect(noted.slice(1)).toEqual(["received 1000", "received 1000"]);
  });

  test("that is refused says why and for how long", async () => {
    const { command, hears } = await withStore({
      async getPiece() {
        throw new RemoteError("BUSY", "the queue is full", { retryAfterMs: 300 });
      },
    });
    command(openStream);
    expect(await hears("streamFailed")).toEqual({ type: "streamFailed", stream: 1, code: "BUSY", retryAfterMs: 300 });
  });

  test("that is cancelled is not heard again", async () => {
    const gone = deferred();
    const { engine, command, hears } = await withStore({
      async getPiece(_, { signal }, stream) {
        stream.sendHeaders();
        await aborted(signal);
        gone.resolve();
      },
    });
    command(openStream);
    await hears("streamGranted");
    command({ type: "cancelStream", stream: 1 });
    await gone.promise;
    expect(engine.heardTypes).toEqual(["streamGranted"]);
  });

  test("keeps what the brain wants, verifies and stores it", async () => {
    const { engine, command, hears, store, noted } = await withStore({});
    engine.answers = {
      ...engine.answers,
      chunkReceived: ({ piece }) => [{ type: "keepChunk", piece, copy: 0, peer: PEER }],
      streamEnded: () => [{ type: "verifyPiece", piece: 1, copy: 0 }],
      pieceVerified: ({ piece, copy }) => [{ type: "storePiece", piece, copy }],
    };
    command(openStream);
    expect(await hears("pieceStored")).toEqual({ type: "pieceStored", piece: 1 });
    expect(await hears("pieceVerified")).toEqual({ type: "pieceVerified", piece: 1, copy: 0, blamed: [] });
    expect([...store.held.indices()]).toEqual([1]);
    expect(noted.at(-1)).toBe("stored 1");
  });

  test("a copy that is wrong is rejected", async () => {
    const { engine, command, hears, store } = await withStore({
      getPiece: async (_, __, stream) => void stream.write({ pieceIndex: 0, offset: 0, data: new Uint8Array(1_000) }),
    });
    engine.answers = {
      ...engine.answers,
      chunkReceived: () => [{ type: "keepChunk", piece: 0, copy: 0, peer: PEER }],
      streamEnded: () => [{ type: "verifyPiece", piece: 0, copy: 0 }],
    };
    command(openStream);
    expect(await hears("pieceRejected")).toEqual({ type: "pieceRejected", piece: 0, copy: 0 });
    expect(store.held.count).toBe(0);
  });

  test("rests while the store has too much to do, and then goes on", async () => {
    const store = openMemoryStore({ contentId, manifest, manifestBytes });
    const room = deferred();
    let kept = 0;
    const append = (): Promise<void> | undefined => {
      kept += 1;
      return kept === 1 ? room.promise : undefined;
    };
    let written = 0;
    const chunks = 12;
    const { engine, command, hears } = await withStore(
      {
        async getPiece(_, { signal }, stream) {
          for (; written < chunks && !signal.aborted; written += 1) {
            stream.write({ pieceIndex: 0, offset: 0, data: new Uint8Array(MIB) });
            await stream.drained();
          }
        },
      },
      Object.assign(store, { append }),
    );
    engine.answers = { ...engine.answers, chunkReceived: () => [{ type: "keepChunk", piece: 0, copy: 0, peer: PEER }] };
    command(openStream);
    await until(() => kept >= 1);
    // Time enough for what would come if it went on.
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(kept).toBe(1);
    expect(written).toBeLessThan(chunks);
    room.resolve();
    await hears("streamEnded");
    expect(kept).toBe(chunks);
  });
});

describe("looking for peers", () => {
  const lookup: DownloadCommand = { type: "lookupPeers" };

  test("gives addresses that are not banned", async () => {
    const { command, hears } = start({
      lookupPeers: async (_, onFound) => onFound(["192.0.2.1:1", "192.0.2.3:3"]),
      isBanned: (address) => address === "192.0.2.3:3",
    });
    command(lookup);
    expect(await hears("peersFound")).toEqual({ type: "peersFound", source: "tracker", addresses: ["192.0.2.1:1"] });
  });

  test.each<[what: string, lookupPeers: DownloadWorld["lookupPeers"]]>([
    ["nobody", async () => {}],
    ["no tracker", () => Promise.reject(new RemoteError("TRACKER_UNREACHABLE", "nobody is there"))],
  ])("may find %s", async (_, lookupPeers) => {
    const { command, hears } = start({ lookupPeers });
    command(lookup);
    expect(await hears("peersNotFound")).toEqual({ type: "peersNotFound", source: "tracker" });
  });

  test("tells what one tracker knows before another has answered", async () => {
    const { command, hears } = start({
      lookupPeers(_, onFound) {
        onFound(["192.0.2.1:1"]);
        return new Promise(() => {});
      },
    });
    command(lookup);
    expect(await hears("peersFound")).toEqual({ type: "peersFound", source: "tracker", addresses: ["192.0.2.1:1"] });
  });

  test("asks other peers, too", async () => {
    const { command, hears } = await connected({ exchangePeers: () => ({ peers: [{ address: "192.0.2.1:1" }] }) });
    command({ type: "exchangePeers", peer: PEER });
    expect(await hears("peersFound")).toEqual({ type: "peersFound", source: "exchange", addresses: ["192.0.2.1:1"] });
  });

  test("a peer that has no time for that gives nobody", async () => {
    const { command, hears } = await connected({
      exchangePeers() {
        throw new RemoteError("BUSY", "asked too often");
      },
    });
    command({ type: "exchangePeers", peer: PEER });
    expect(await hears("peersNotFound")).toEqual({ type: "peersNotFound", source: "exchange" });
  });
});
