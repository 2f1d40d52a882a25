import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { behavioursOf } from "./hostile/peer-lies.js";
import { downloadBeside, type HonestSwarm, KIB, startHonestSwarm, startLiars } from "./swarm-of-liars.js";

const PIECE_LENGTH = 256 * KIB;
const PIECES = 12;

let swarm: HonestSwarm;
beforeAll(async () => {
  // So slow that there is something left to ask the other peers for.
  swarm = await startHonestSwarm({ bytes: PIECES * PIECE_LENGTH - 17, pieceLength: PIECE_LENGTH, flags: ["--upload-limit", "2M"] });
});
afterAll(() => swarm[Symbol.asyncDispose]());

const VIOLATORS = [
  "chunks-out-of-order",
  "chunks-overlapping",
  "chunks-of-another-piece",
  "chunks-empty",
  "chunk-too-long",
  "chunk-huge",
  "chunk-absurd",
  "more-than-asked",
  "piece-endless",
  "message-of-4-gib",
];

/** Their first piece is right and may be verified, and the next one asked for, before they send what they should not. */
const RIGHT_AT_FIRST = new Set(["more-than-asked", "piece-endless"]);

const FALSE_OFFERS = ["offer-too-short", "offer-too-long", "offer-of-3-mib", "offer-of-8-mib", "news-of-no-pieces"];

describe("peers that break the protocol are dropped at once, and others complete the download", () => {
  test("while pieces are sent", async () => {
    await using liars = await startLiars(swarm.content, behavioursOf(VIOLATORS, swarm.content));
    const { wastedBytes, bytesFrom } = await downloadBeside([...liars.peers.values()], swarm);
    for (const [what, liar] of liars.peers) {
      const callsMax = RIGHT_AT_FIRST.has(what) ? 2 : 1;
      expect(liar.calls.of("GetPiece").length, what).toBeGreaterThan(0);
      expect(liar.calls.of("GetPiece").length, what).toBeLessThanOrEqual(callsMax);
      expect(bytesFrom(liar.address), what).toBeLessThanOrEqual(callsMax * PIECE_LENGTH);
    }
    expect(wastedBytes).toBeLessThanOrEqual(liars.peers.size * PIECE_LENGTH);
  });

  test("while pieces are offered", async () => {
    await using liars = await startLiars(swarm.content, behavioursOf(FALSE_OFFERS, swarm.content));
    const { wastedBytes } = await downloadBeside([...liars.peers.values()], swarm);
    for (const [what, liar] of liars.peers) {
      expect(liar.calls.of("WatchPieces"), what).toHaveLength(1);
      expect(liar.calls.of("GetPiece"), what).toEqual([]);
    }
    expect(wastedBytes).toBe(0);
  });
});

/** How often each may be asked for a piece meanwhile. */
const IDLERS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "that are silent": { "never-grants": 2, "grants-and-is-silent": 2, "silent-halfway": 2 },
  "that are very slow": { "byte-by-byte": 2, "chunk-never-complete": 2 },
  "that fail": { "ends-early": 15, "fails-halfway": 15 },
  // Once for each piece, and for a run.
  "that refuse": { refuses: PIECES + 1, "says-damaged": PIECES + 1, "busy-for-a-minute": 1, "busy-for-a-moment": 20 },
  "that refuse, and claim the opposite all the time": { "busy-but-says-not": 30, "refuses-but-offers": 40 },
};

describe("peers that serve nothing hold nobody up, and are not asked without pause", () => {
  test.each(Object.keys(IDLERS))("%s", async (kind) => {
    const idlers = IDLERS[kind]!;
    await using liars = await startLiars(swarm.content, behavioursOf(Object.keys(idlers), swarm.content));
    const { wastedBytes } = await downloadBeside([...liars.peers.values()], swarm);
    for (const [what, liar] of liars.peers) {
      const calls = liar.calls.of("GetPiece").length;
      expect(calls, what).toBeGreaterThan(0);
      expect(calls, what).toBeLessThanOrEqual(idlers[what]!);
    }
    expect(wastedBytes).toBeLessThanOrEqual((1 + liars.peers.size) * PIECE_LENGTH);
  });
});

test("peers that flood us with news or addresses hold nobody up", async () => {
  const names = ["news-flood", "exchange-flood", "exchange-too-large", "exchange-forbidden"];
  await using liars = await startLiars(swarm.content, behavioursOf(names, swarm.content));
  const { wastedBytes } = await downloadBeside([...liars.peers.values()], swarm);
  for (const [what, liar] of liars.peers) {
    const calls = liar.calls.of("WatchPieces").length;
    expect(calls, what).toBeGreaterThan(0);
    expect(calls, what).toBeLessThanOrEqual(4);
  }
  expect(wastedBytes).toBeLessThanOrEqual(liars.peers.size * PIECE_LENGTH);
});
