import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as lies from "./lies.js";
import type { Behaviour } from "./lying-peer.js";
import { downloadBeside, type HonestSwarm, KIB, MIB, startHonestSwarm, startLiars } from "./swarm-of-liars.js";

const PIECE_LENGTH = 256 * KIB;
const PIECES = 12;

let swarm: HonestSwarm;
beforeAll(async () => {
  // So slow that there is something left to ask the other peers for.
  swarm = await startHonestSwarm({ bytes: PIECES * PIECE_LENGTH - 17, pieceLength: PIECE_LENGTH, flags: ["--upload-limit", "4M"] });
});
afterAll(() => swarm[Symbol.asyncDispose]());

const VIOLATORS: Readonly<Record<string, Behaviour>> = {
  "chunks out of order": { getPiece: lies.outOfOrder },
  "chunks that overlap": { getPiece: lies.overlapping },
  "chunks of another piece": { getPiece: lies.ofAnotherPiece },
  "chunks without bytes": { getPiece: lies.emptyChunks },
  "a chunk beyond the end of the piece": { getPiece: lies.tooLongChunks },
  "a chunk above the largest": { getPiece: lies.hugeChunks },
  "numbers that no piece has": { getPiece: lies.absurdNumbers },
  "more than was asked for": { getPiece: lies.moreThanAsked },
  "a stream without end": { getPiece: lies.endless },
};

/** Their first piece is right and may be verified, and the next one asked for, before they send what they should not. */
const RIGHT_AT_FIRST = new Set(["more than was asked for", "a stream without end"]);

const FALSE_OFFERS: Readonly<Record<string, Behaviour>> = {
  "a bitmap that is too short": { watchPieces: lies.offersBytes(1) },
  "a bitmap that is too long": { watchPieces: lies.offersBytes(3) },
  "a bitmap of 3 MiB": { watchPieces: lies.offersBytes(3 * MIB) },
  "a first message above the largest": { watchPieces: lies.offersBytes(8 * MIB) },
  "news of pieces that do not exist": { watchPieces: lies.offersThen({ added: [{ first: PIECES, count: 0xffff_ffff }] }), offered: Buffer.alloc(2) },
};

describe("peers that break the protocol are dropped at once, and others complete the download", () => {
  test("while pieces are sent", async () => {
    await using liars = await startLiars(swarm.content, VIOLATORS);
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
    await using liars = await startLiars(swarm.content, FALSE_OFFERS);
    const { wastedBytes } = await downloadBeside([...liars.peers.values()], swarm);
    for (const [what, liar] of liars.peers) {
      expect(liar.calls.of("WatchPieces"), what).toHaveLength(1);
      expect(liar.calls.of("GetPiece"), what).toEqual([]);
    }
    expect(wastedBytes).toBe(0);
  });
});

/** What they do, and how often each may be asked for a piece meanwhile. */
const IDLERS: Readonly<Record<string, Readonly<Record<string, readonly [behaviour: Behaviour, callsMax: number]>>>> = {
  "that are silent": {
    "never grants": [{ getPiece: lies.neverGrants }, 2],
    "is silent after the grant": [{ getPiece: lies.silentAfterGrant }, 2],
    "is silent halfway": [{ getPiece: lies.silentHalfway }, 2],
  },
  "that fail": {
    "ends streams early": [{ getPiece: lies.endsEarly }, 15],
    "fails halfway": [{ getPiece: lies.failsHalfway }, 15],
  },
  "that refuse": {
    // Once for each piece, and for a run.
    "offers and refuses": [{ getPiece: lies.notOffered }, PIECES + 1],
    "says that all is damaged": [{ getPiece: lies.damaged }, PIECES + 1],
    "is always busy": [{ getPiece: lies.busy(60_000) }, 1],
    "wants to be asked again at once": [{ getPiece: lies.busy(0) }, 20],
  },
  "that refuse, and claim the opposite all the time": {
    "says that it has room": [{ getPiece: lies.busy(0), watchPieces: lies.floodOfNews({ load: { slotsTaken: 0, slotsMax: 9 } }) }, 30],
    "offers again": [{ getPiece: lies.notOffered, watchPieces: lies.floodOfNews({ added: [{ first: 0, count: PIECES }] }) }, 40],
  },
};

describe("peers that serve nothing hold nobody up, and are not asked without pause", () => {
  test.each(Object.keys(IDLERS))("%s", async (kind) => {
    const idlers = IDLERS[kind]!;
    const behaviours = Object.fromEntries(Object.entries(idlers).map(([what, [behaviour]]) => [what, behaviour]));
    await using liars = await startLiars(swarm.content, behaviours);
    const { wastedBytes } = await downloadBeside([...liars.peers.values()], swarm);
    for (const [what, liar] of liars.peers) {
      const calls = liar.calls.of("GetPiece").length;
      expect(calls, what).toBeGreaterThan(0);
      expect(calls, what).toBeLessThanOrEqual(idlers[what]![1]);
    }
    expect(wastedBytes).toBeLessThanOrEqual((1 + liars.peers.size) * PIECE_LENGTH);
  });
});
