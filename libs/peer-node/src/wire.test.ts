import { create, toBinary } from "@bufbuild/protobuf";
import { CallerSchema, ContentSummarySchema, GetPieceRequestSchema, WatchPiecesResponseSchema } from "@piecewise/contract";
import type { Manifest } from "@piecewise/manifest";
import { RUNS_PER_STREAM_MAX } from "@piecewise/piece-engine";
import { describe, expect, test } from "vitest";
import { PEER_REQUEST_BYTES_MAX } from "./start-peer-node.js";
import { callerAddress, callerFromWire, contentIdFromWire, eventsFromWatch, isDialable, isWorthDialling, listingFromWire, pieceSelectionFromWire } from "./wire.js";

/** 3 pieces of 10 bytes and one of 5. */
const manifest: Manifest = { totalBytes: 35, pieceLength: 10, entries: [], pieceHashes: new Uint8Array(4 * 32) };
const select = (fields: object) => pieceSelectionFromWire(create(GetPieceRequestSchema, fields), manifest);

describe("which bytes a request means", () => {
  test.each([
    [{ pieceIndex: 0 }, { runs: [{ first: 0, count: 1 }], offset: 0, bytes: 10 }],
    [{ pieceIndex: 3 }, { runs: [{ first: 3, count: 1 }], offset: 0, bytes: 5 }],
    [{ pieceIndex: 1, pieceCount: 3 }, { runs: [{ first: 1, count: 3 }], offset: 0, bytes: 25 }],
    [{ pieceIndex: 3, morePieces: [{ first: 0, count: 2 }] }, { runs: [{ first: 3, count: 1 }, { first: 0, count: 2 }], offset: 0, bytes: 25 }],
    [{ pieceIndex: 1, offset: 4 }, { runs: [{ first: 1, count: 1 }], offset: 4, bytes: 6 }],
    [{ pieceIndex: 1, offset: 4, length: 2 }, { runs: [{ first: 1, count: 1 }], offset: 4, bytes: 2 }],
  ])("%j", (fields, selection) => {
    expect(select(fields)).toMatchObject(selection);
  });

  test.each([
    [{ pieceIndex: 4 }, "PIECE_OUT_OF_RANGE"],
    [{ pieceIndex: 2, pieceCount: 3 }, "PIECE_OUT_OF_RANGE"],
    [{ pieceIndex: 0, pieceCount: 0xffff_ffff }, "PIECE_OUT_OF_RANGE"],
    [{ pieceIndex: 3, offset: 5 }, "PIECE_OUT_OF_RANGE"],
    [{ pieceIndex: 0, offset: 9, length: 2 }, "PIECE_OUT_OF_RANGE"],
    [{ pieceIndex: 0, offset: 0xffff_ffff, length: 0xffff_ffff }, "PIECE_OUT_OF_RANGE"],
    [{ pieceIndex: 0, pieceCount: 2, offset: 1 }, "INVALID_ARGUMENT"],
    [{ pieceIndex: 0, length: 1, morePieces: [{ first: 1, count: 1 }] }, "INVALID_ARGUMENT"],
    [{ pieceIndex: 0, morePieces: [{ first: 1, count: 0 }] }, "INVALID_ARGUMENT"],
    [{ pieceIndex: 0, morePieces: [{ first: 4, count: 1 }] }, "PIECE_OUT_OF_RANGE"],
    [{ pieceIndex: 0, morePieces: [{ first: 1, count: 0xffff_ffff }] }, "PIECE_OUT_OF_RANGE"],
    [{ pieceIndex: 0, pieceCount: 4, morePieces: [{ first: 1, count: 1 }] }, "INVALID_ARGUMENT"],
    [{ pieceIndex: 0, morePieces: Array.from({ length: 64 }, () => ({ first: 0, count: 1 })) }, "INVALID_ARGUMENT"],
  ])("%j is refused with %s", (fields, code) => {
    expect(() => select(fields)).toThrow(expect.objectContaining({ code }));
  });
});

describe("who calls", () => {
  const caller = create(CallerSchema, { peerId: new Uint8Array(16).fill(1), port: 4000 });

  test("peers behind one address are told apart, plain clients are not", () => {
    expect(callerFromWire(caller, "192.0.2.1")).toEqual({ key: `192.0.2.1 ${"01".repeat(16)}`, isPeer: true, address: callerAddress(caller, "192.0.2.1"), network: "192.0.2.1" });
    expect(callerFromWire(undefined, "192.0.2.1")).toEqual({ key: "192.0.2.1", isPeer: false, address: undefined, network: "192.0.2.1" });
    expect(callerFromWire(undefined, "2001:db8::1").network).toBe("2001:db8:0:0::/64");
    for (const host of ["127.0.0.1", "::1"]) expect(callerFromWire(caller, host).network).toBeUndefined();
  });

  test("is dialled back at the observed host and the port it says", () => {
    expect(callerAddress(caller, "2001:db8::1")).toBe("[2001:db8::1]:4000");
    expect(callerAddress(create(CallerSchema, { port: 70_000 }), "192.0.2.1")).toBeUndefined();
    expect(callerAddress(undefined, "192.0.2.1")).toBeUndefined();
  });
});

test("the longest request that a peer may make is far below what a peer reads", () => {
  const most = 2 ** 32 - 1;
  const caller = { peerId: new Uint8Array(16), port: most };
  const morePieces = Array.from({ length: RUNS_PER_STREAM_MAX - 1 }, () => ({ first: most, count: most }));
  const request = { contentId: `sha256:${"f".repeat(64)}`, pieceIndex: most, pieceCount: most, offset: most, length: most, caller, morePieces };
  expect(toBinary(GetPieceRequestSchema, create(GetPieceRequestSchema, request)).length).toBeLessThan(PEER_REQUEST_BYTES_MAX / 4);
});

describe("from other parties", () => {
  test("a watch message becomes the events that it stands for, an empty one a sign of life", () => {
    const message = create(WatchPiecesResponseSchema, {
      added: [{ first: 1, count: 2 }],
      load: { slotsTaken: 5, slotsMax: 4, queueLength: 7 },
      goingAway: true,
    });
    expect(eventsFromWatch(3, message).map((event) => event.type)).toEqual(["peerOffers", "peerLoadChanged", "peerGoingAway"]);
    expect(eventsFromWatch(3, message)[1]).toMatchObject({ slotsFree: 0, queueLength: 7 });
    expect(eventsFromWatch(3, create(WatchPiecesResponseSchema))).toEqual([{ type: "peerHeard", peer: 3 }]);
  });

  test.each(["", "x", "127.0.0.1:0", "127.0.0.1:70000", "a b:1", "http://x:1"])("%j cannot be dialled", (address) => {
    expect(isDialable(address)).toBe(false);
  });

  test.each([
    ["192.0.2.1:1", true, true],
    ["peer.example:1", false, false],
    ["127.0.0.1:1", true, false],
    ["localhost:1", false, false],
    ["[::ffff:127.0.0.1]:1", true, false],
    ["0.0.0.0:1", false, false],
    ["[::]:1", false, false],
    ["169.254.169.254:80", false, false],
    ["[fe80::1]:1", false, false],
    ["224.0.0.1:1", false, false],
    ["nonsense", false, false],
    ["192.0.2.1:0", false, false],
  ])("%s is dialled if told from loopback: %j, from elsewhere: %j", (address, fromLoopback, fromElsewhere) => {
    expect(isWorthDialling(address, { isOnLoopback: true })).toBe(fromLoopback);
    expect(isWorthDialling(address, { isOnLoopback: false })).toBe(fromElsewhere);
  });

  test("a summary with a false id, no name or an absurd size is left out", () => {
    const good = { contentId: `sha256:${"0".repeat(64)}`, names: ["a"], totalBytes: 5n };
    expect(listingFromWire(create(ContentSummarySchema, good))).toMatchObject({ totalBytes: 5, names: ["a"] });
    const names = ["../a", "a\u001b[31m", "b".repeat(256), "c"];
    expect(listingFromWire(create(ContentSummarySchema, { ...good, names }))).toMatchObject({ names: ["c"] });
    for (const bad of [{ contentId: "x" }, { names: [] }, { totalBytes: 2n ** 60n }]) {
      expect(listingFromWire(create(ContentSummarySchema, { ...good, ...bad }))).toBeUndefined();
    }
  });

  test("ids are checked", () => {
    expect(() => contentIdFromWire("sha256:12")).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});
