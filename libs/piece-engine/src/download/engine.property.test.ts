import { assert, Bitfield, createPrng, KIB, MIB } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { piecesOf } from "../piece-runs.js";
import { Swarm, type SimulatedPeer } from "../testing/swarm.js";
import type { DownloadCommand } from "./commands.js";
import type { DownloadEvent } from "./events.js";
import { createTransferBudget } from "./transfer-budget.js";
import { RUN_BYTES_MAX, WINDOW_BYTES_MAX } from "./window.js";

const IN_FLIGHT_BYTES_MAX = 8 * MIB;

/** What has to hold after every event, as far as it can be seen from outside. */
function checkInvariants(swarm: Swarm, event: DownloadEvent, commands: readonly DownloadCommand[]): void {
  const requesters = new Map<number, Set<number>>();
  const waiting = new Set<number>();
  const outstanding = new Map<number, number>();
  for (const stream of swarm.streams.values()) {
    if (!stream.isGranted) {
      assert(!waiting.has(stream.peer), "a peer has two streams that it has not granted");
      waiting.add(stream.peer);
    }
    outstanding.set(stream.peer, (outstanding.get(stream.peer) ?? 0) + stream.remainingBytes);
    if (stream.remainingBytes === 0) continue;
    for (const piece of stream.sending.rest()) {
      const peers = requesters.get(piece) ?? new Set();
      assert(!peers.has(stream.peer), `piece ${piece} is asked of one peer twice`);
      requesters.set(piece, peers.add(stream.peer));
      assert(peers.size <= 2, `piece ${piece} is asked of ${peers.size} peers`);
    }
  }
  const { pieceLength } = swarm.options.geometry;
  const windowMax = WINDOW_BYTES_MAX + Math.max(RUN_BYTES_MAX, pieceLength);
  for (const bytes of outstanding.values()) assert(bytes <= windowMax, "a window is too large");
  assert(swarm.budget.inFlightBytes <= IN_FLIGHT_BYTES_MAX + pieceLength, "more bytes are in flight than the budget allows");
  assert(swarm.links.size <= (swarm.options.peersMax ?? 50), "too many peers are connected");
  assert(swarm.budget.connections === swarm.links.size, "the budget counts other connections");
  for (const command of commands) {
    if (command.type === "keepChunk") assert(event.type === "chunkReceived", "a chunk is kept out of season");
    if (command.type !== "openStream") continue;
    const offered = swarm.offered.get(swarm.links.get(command.peer)!.address)!;
    for (const piece of piecesOf(command.runs)) assert(offered.has(piece), "a piece is asked for that is not offered");
  }
}

/** A random swarm in which one honest peer has everything and stays. */
function createSwarm(seed: number): Swarm {
  const prng = createPrng(seed * 7919);
  const pick = <T>(...items: readonly T[]): T => items[prng.below(items.length)]!;
  const pieceLength = pick(256 * KIB, MIB, 100_000);
  const pieceCount = 1 + prng.below(60);
  const totalBytes = (pieceCount - 1) * pieceLength + 1 + prng.below(pieceLength);
  const peers: SimulatedPeer[] = [{ address: "honest:1", bytesPerSecond: pick(200_000, MIB, 20 * MIB), latencyMs: pick(1, 20, 100), share: 1 }];
  const others = prng.below(8);
  for (let i = 0; i < others; i += 1) {
    peers.push({
      address: `peer:${i}`,
      bytesPerSecond: pick(20_000, 200_000, MIB, 50 * MIB),
      latencyMs: pick(1, 20, 200),
      share: pick(0, 0.3, 0.8, 1),
      lies: pick(0, 0, 0.02, 0.5),
      violates: pick(0, 0, 0, 0.01),
      stalls: pick(0, 0, 0.02, 1),
      fails: pick(0, 0, 0.3),
      busy: pick(0, 0, 0.5),
      dialFails: pick(0, 0, 0.6),
      disconnects: pick(0, 0, 0.4),
      endsEarly: pick(0, 0, 0.02),
      withholds: pick(0, 0, 0.3),
      changes: pick(0, 0.5, 1),
      leaves: pick(0, 0, 0.1),
      liesAboutManifest: pick(false, false, true),
    });
  }
  const stored = Bitfield.create(pieceCount);
  if (pick(true, false)) for (let i = 0; i < pieceCount; i += 3) stored.add(i);
  const budget = createTransferBudget({ inFlightBytesMax: IN_FLIGHT_BYTES_MAX, downloadBytesPerSecond: pick(undefined, undefined, 300_000, 5 * MIB) });
  const geometry = { totalBytes, pieceLength };
  return new Swarm({ seed, geometry, peers: prng.shuffle(peers), stored, budget, chunkBytes: 128 * KIB, endMs: 3_600_000, check: checkInvariants });
}

function courseOf(seed: number): unknown {
  const swarm = createSwarm(seed);
  swarm.run();
  return { events: swarm.events, nowMs: swarm.nowMs, progress: swarm.engine.progress(swarm.nowMs) };
}

describe("a swarm with lossy, lying and slow peers", () => {
  test.each(Array.from({ length: 150 }, (_, i) => i + 1))("finishes, and no honest peer is banned (seed %i)", (seed) => {
    const swarm = createSwarm(seed);
    expect(swarm.run()).toEqual({ type: "finish" });
    expect(swarm.store.stored.isFull).toBe(true);
    expect(swarm.streams.size + swarm.links.size).toBe(0);
    expect(swarm.budget.inFlightBytes).toBe(0);
    const liars = swarm.options.peers.filter(({ lies = 0, liesAboutManifest = false }) => lies > 0 || liesAboutManifest);
    for (const address of swarm.banned) expect(liars.map((peer) => peer.address)).toContain(address);
    const { verifiedBytes, totalBytes, peers, receivedBytes } = swarm.engine.progress(swarm.nowMs);
    expect(verifiedBytes).toBe(totalBytes);
    expect(peers.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(receivedBytes);
  });

  test("runs the same way twice", () => {
    expect(courseOf(42)).toEqual(courseOf(42));
  });
});
