import { createPrng, KIB, MIB } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { Swarm, type SimulatedPeer } from "../testing/swarm.js";
import { createDownloadEngine, type DownloadEngine } from "./engine.js";
import { EARLY_BITMAP_BYTES_MAX, EARLY_NEWS_MAX } from "./source.js";
import { createTransferBudget } from "./transfer-budget.js";

const seeder = (name: string, bytesPerSecond: number, latencyMs = 1): SimulatedPeer => ({ address: name, bytesPerSecond, latencyMs, share: 1 });

function create(): DownloadEngine {
  const engine = createDownloadEngine({ prng: createPrng(1), budget: createTransferBudget(), givenAddresses: ["a:1"], hasTracker: false });
  engine.handle({ type: "started" }, 0);
  return engine;
}

describe("a swarm of honest peers", () => {
  test("three equal seeders give a like part each", () => {
    const peers = [seeder("a:1", 2 * MIB), seeder("b:1", 2 * MIB), seeder("c:1", 2 * MIB)];
    const swarm = new Swarm({ seed: 1, geometry: { totalBytes: 40 * MIB, pieceLength: 256 * KIB }, peers, chunkBytes: 256 * KIB, endMs: 60_000 });
    expect(swarm.run()).toEqual({ type: "finish" });
    const given = swarm.engine.progress(swarm.nowMs).peers;
    expect(given).toHaveLength(3);
    for (const { bytes } of given) expect(bytes).toBeGreaterThan(0.25 * 40 * MIB);
    // All three were busy to the end.
    expect(swarm.nowMs).toBeLessThan(1.2 * (40 / 6) * 1000);
  });

  test("one fast seeder is asked for enough at a time", () => {
    let most = 0;
    const swarm = new Swarm({
      seed: 1,
      geometry: { totalBytes: 512 * MIB, pieceLength: MIB },
      peers: [seeder("a:1", 500 * MIB)],
      chunkBytes: MIB,
      endMs: 60_000,
      check: ({ streams }) => {
        let requested = 0;
        for (const { remainingBytes } of streams.values()) requested += remainingBytes;
        most = Math.max(most, requested);
      },
    });
    expect(swarm.run()).toEqual({ type: "finish" });
    expect(most).toBeGreaterThanOrEqual(16 * MIB);
    expect(swarm.nowMs).toBeLessThan(1300);
  });

  test("a slow peer does not hold up the end", () => {
    const peers = [seeder("slow:1", 20 * KIB), seeder("fast:1", 10 * MIB)];
    const swarm = new Swarm({ seed: 1, geometry: { totalBytes: 20 * MIB, pieceLength: MIB }, peers, chunkBytes: 128 * KIB, endMs: 600_000 });
    expect(swarm.run()).toEqual({ type: "finish" });
    expect(swarm.nowMs).toBeLessThan(4000);
  });

  test("a rate limit is kept and used", () => {
    const budget = createTransferBudget({ downloadBytesPerSecond: 100 * KIB });
    const geometry = { totalBytes: 4 * MIB, pieceLength: MIB };
    const peers = [seeder("a:1", 10 * MIB), seeder("b:1", 10 * MIB)];
    const swarm = new Swarm({ seed: 1, geometry, peers, budget, chunkBytes: 256 * KIB, endMs: 600_000 });
    expect(swarm.run()).toEqual({ type: "finish" });
    expect(swarm.nowMs / 1000).toBeGreaterThan((4 * 1024 - 50) / 100);
    expect(swarm.nowMs / 1000).toBeLessThan(1.1 * ((4 * 1024) / 100));
  });

  test("with a rate limit what would be lost by a kill stays below 4 MiB, however busy the machine is", () => {
    const geometry = { totalBytes: 64 * MIB, pieceLength: 256 * KIB };
    for (const verifyMs of [1, 100, 1000]) {
      const budget = createTransferBudget({ downloadBytesPerSecond: 20 * MIB });
      let most = 0;
      const check = (): void => void (most = Math.max(most, budget.inFlightBytes));
      const swarm = new Swarm({ seed: 1, geometry, peers: [seeder("a:1", 100 * MIB)], budget, chunkBytes: 64 * KIB, verifyMs, endMs: 600_000, check });
      expect(swarm.run()).toEqual({ type: "finish" });
      expect(most).toBeLessThanOrEqual(3.5 * MIB);
      expect(swarm.nowMs / 1000).toBeLessThan(1.1 * Math.max(64 / 20, (64 / 3) * (verifyMs / 1000)));
    }
  });

  test("with a rate limit peers that let requests wait do not keep others from sending", () => {
    const budget = createTransferBudget({ downloadBytesPerSecond: 20 * MIB });
    const peers = [seeder("quick:1", 100 * MIB), ...Array.from({ length: 30 }, (_, index) => seeder(`late:${index}`, MIB, 1500))];
    const geometry = { totalBytes: 160 * MIB, pieceLength: 256 * KIB };
    const swarm = new Swarm({ seed: 1, geometry, peers, budget, chunkBytes: 64 * KIB, endMs: 600_000 });
    expect(swarm.run()).toEqual({ type: "finish" });
    expect(swarm.nowMs / 1000).toBeLessThan(1.25 * (160 / 20));
  });

  test("pieces larger than all that may be in flight still move", () => {
    const budget = createTransferBudget({ inFlightBytesMax: MIB });
    const peers = [seeder("a:1", 100 * MIB), seeder("b:1", 100 * MIB)];
    const swarm = new Swarm({ seed: 1, geometry: { totalBytes: 64 * MIB, pieceLength: 16 * MIB }, peers, budget, chunkBytes: MIB, endMs: 60_000 });
    expect(swarm.run()).toEqual({ type: "finish" });
  });

  test("with one peer at a time never more are connected", () => {
    let most = 0;
    const peers = [seeder("a:1", MIB), { ...seeder("b:1", MIB), disconnects: 1 }, seeder("c:1", MIB)];
    const swarm = new Swarm({
      seed: 1,
      geometry: { totalBytes: 20 * MIB, pieceLength: MIB },
      peers: peers.toReversed(),
      peersMax: 1,
      chunkBytes: 256 * KIB,
      endMs: 600_000,
      check: ({ links }) => {
        most = Math.max(most, links.size);
      },
    });
    expect(swarm.run()).toEqual({ type: "finish" });
    expect(most).toBe(1);
  });

  test("one peer at a time: one that has nothing more gives way to another", () => {
    const peers = [{ ...seeder("half:1", MIB), share: 0.5 }, seeder("whole:1", MIB)];
    const geometry = { totalBytes: 8 * MIB, pieceLength: MIB };
    const swarm = new Swarm({ seed: 1, geometry, peers, peersMax: 1, chunkBytes: 256 * KIB, endMs: 600_000 });
    expect(swarm.run()).toEqual({ type: "finish" });
  });

  test("a thousand pieces from fifty peers take little work", () => {
    const peers = Array.from({ length: 50 }, (_, i) => ({ ...seeder(`peer:${i}`, 5 * MIB, 1 + i), share: i % 5 === 0 ? 1 : 0.5 }));
    const swarm = new Swarm({ seed: 1, geometry: { totalBytes: 1000 * MIB, pieceLength: MIB }, peers, chunkBytes: MIB, endMs: 600_000 });
    expect(swarm.run()).toEqual({ type: "finish" });
    // A few events a piece: nothing is polled, nothing is fetched twice but at the end.
    expect(swarm.events).toBeLessThan(10_000);
    expect(swarm.engine.progress(swarm.nowMs).receivedBytes).toBeLessThan(1.05 * 1000 * MIB);
  });

  test("two downloads share one budget", () => {
    const budget = createTransferBudget({ inFlightBytesMax: 4 * MIB, connectionsMax: 2 });
    const swarms = [1, 2].map((seed) => {
      const peers = [seeder("a:1", 10 * MIB), seeder("b:1", 10 * MIB)];
      return new Swarm({ seed, geometry: { totalBytes: 8 * MIB, pieceLength: MIB }, peers, budget, chunkBytes: MIB, endMs: 60_000 });
    });
    for (const swarm of swarms) swarm.start();
    const [first, second] = swarms as [Swarm, Swarm];
    while (first.nextMs < 60_000 || second.nextMs < 60_000) {
      (first.nextMs <= second.nextMs ? first : second).step();
      expect(budget.connections).toBeLessThanOrEqual(2);
      // Each of them may go beyond it by one piece.
      expect(budget.inFlightBytes).toBeLessThanOrEqual(6 * MIB);
    }
    for (const { last } of swarms) expect(last).toEqual({ type: "finish" });
    expect(budget.connections).toBe(0);
    expect(budget.inFlightBytes).toBe(0);
  });
});

describe("hostile input", () => {
  test("a bitmap of absurd length is dropped for good", () => {
    const engine = create();
    const commands = engine.handle({ type: "peerConnected", peer: 0, offered: new Uint8Array(EARLY_BITMAP_BYTES_MAX + 1) }, 1);
    expect(commands).toEqual([{ type: "dropPeer", peer: 0 }]);
    expect(engine.progress(1).connectedPeers).toBe(0);
  });

  test("too much news before the manifest costs the connection", () => {
    const engine = create();
    engine.handle({ type: "peerConnected", peer: 0, offered: new Uint8Array(1) }, 1);
    const added = Array.from({ length: EARLY_NEWS_MAX }, (_, first) => ({ first, count: 1 }));
    expect(engine.handle({ type: "peerOffers", peer: 0, added, withdrawn: [] }, 2)).toEqual([]);
    const oneMore = engine.handle({ type: "peerOffers", peer: 0, added: [{ first: 0, count: 1 }], withdrawn: [] }, 3);
    expect(oneMore).toContainEqual({ type: "dropPeer", peer: 0 });
  });

  test("news of what is unknown means nothing", () => {
    const engine = create();
    engine.handle({ type: "peerConnected", peer: 0, offered: new Uint8Array([0xff]) }, 1);
    engine.handle({ type: "manifestReceived", peer: 0, geometry: { totalBytes: 8, pieceLength: 1 } }, 2);
    for (const type of ["peerHeard", "peerGoingAway"] as const) expect(engine.handle({ type, peer: 77 }, 3)).toEqual([]);
    expect(engine.handle({ type: "peerDisconnected", peer: 77, code: "TIMED_OUT" }, 3)).toEqual([]);
    expect(engine.handle({ type: "streamEnded", stream: 77 }, 3)).toEqual([]);
    expect(engine.handle({ type: "pieceVerified", piece: 77, copy: 0, blamed: [5] }, 3)).toEqual([]);
    expect(engine.handle({ type: "pieceRejected", piece: -1, copy: 0 }, 3)).toEqual([]);
    expect(engine.handle({ type: "pieceStored", piece: 0 }, 3)).toEqual([]);
    expect(engine.handle({ type: "manifestFailed", peer: 0, code: "MANIFEST_INVALID" }, 3)).toEqual([]);
  });

  test("nothing happens before the start", () => {
    const engine = createDownloadEngine({ prng: createPrng(1), budget: createTransferBudget(), givenAddresses: ["a:1"], hasTracker: true });
    expect(engine.handle({ type: "peersFound", source: "tracker", addresses: ["b:1"] }, 0)).toEqual([]);
    expect(engine.handle({ type: "deadlineReached" }, 0)).toEqual([]);
    expect(engine.nextDeadlineMs).toBe(Number.POSITIVE_INFINITY);
    expect(engine.handle({ type: "started" }, 1)).toHaveLength(2);
    expect(engine.handle({ type: "started" }, 2)).toEqual([]);
  });

  test("time that runs backwards does no harm", () => {
    const engine = create();
    engine.handle({ type: "peerConnected", peer: 0, offered: new Uint8Array(1) }, 1000);
    expect(engine.handle({ type: "deadlineReached" }, 0)).toEqual([]);
    expect(engine.progress(0).bytesPerSecond).toBe(0);
  });
});
