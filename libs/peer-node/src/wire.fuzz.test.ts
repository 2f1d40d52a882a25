import { ok } from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { Bitfield, createPrng, isContentId } from "@piecewise/base";
import { fuzz, joinParts, splitParts } from "@piecewise/base/testing";
import { type ContentSummary, ExchangePeersResponseSchema, type GetPieceResponse, GetPieceResponseSchema, LookupResponseSchema, RegisterResponseSchema, WatchPiecesResponseSchema } from "@piecewise/contract";
import { messageBytes } from "@piecewise/contract/testing";
import { pieceBytesOf } from "@piecewise/manifest";
import { createDownloadEngine, createTransferBudget, type DownloadCommand, type DownloadEngine, type DownloadEvent, PieceCursor } from "@piecewise/piece-engine";
import { openChannel } from "@piecewise/rpc";
import * as fc from "fast-check";
import { LeaseKeeper, RENEW_MS_MAX, RENEW_MS_MIN } from "./lease-keeper.js";
import { durationToMs, eventsFromWatch, isDialable, isWorthDialling, listingFromWire, loadEvent } from "./wire.js";

const MESSAGES_MAX = 8;
const PIECES = 20;
const GEOMETRY = { totalBytes: 20 * 64 - 10, pieceLength: 64 };
const PEER = 0;

/** What a message says; undefined if it is none, which ends the call. */
function read<Value>(decode: () => Value): Value | undefined {
  try {
    return decode();
  } catch (error) {
    ok(error instanceof Error && error.name !== "AssertionError", String(error));
    return undefined;
  }
}

interface OpenStream {
  readonly command: Extract<DownloadCommand, { readonly type: "openStream" }>;
  readonly sending: PieceCursor;
}

/** A download in which one peer is connected, with a store that finds right what the last byte of a piece says. */
class Downloading {
  readonly #engine: DownloadEngine;
  readonly #events: DownloadEvent[] = [];
  readonly streams: OpenStream[] = [];
  /** What was kept of each piece. */
  readonly kept = new Map<number, number>();
  #isDamaged = false;
  #nowMs = 0;

  constructor(bitmap: Uint8Array) {
    const budget = createTransferBudget({});
    this.#engine = createDownloadEngine({ prng: createPrng(1), budget, givenAddresses: ["192.0.2.7:4000"], hasTracker: false });
    this.hear({ type: "started" });
    this.hear({ type: "peerConnected", peer: PEER, offered: bitmap });
    this.hear({ type: "manifestReceived", peer: PEER, geometry: GEOMETRY });
    this.hear({ type: "storeOpened", stored: Bitfield.create(PIECES) });
  }

  hear(event: DownloadEvent): void {
    this.#events.push(event);
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      this.#nowMs += 10;
      const commands = this.#engine.handle(next, this.#nowMs);
      ok(commands.length <= 200, `${commands.length} commands for one event`);
      for (const command of commands) this.#run(command);
    }
  }

  chunk({ command, sending }: OpenStream, { pieceIndex: piece, offset, data }: Pick<GetPieceResponse, "pieceIndex" | "offset" | "data">): void {
    this.#isDamaged = data.at(-1) === 0xff;
    this.#keepable = piece < PIECES && data.length > 0 && offset + data.length <= pieceBytesOf(GEOMETRY, piece) ? { piece, bytes: data.length, isWhole: false } : undefined;
    this.hear({ type: "chunkReceived", stream: command.stream, piece, offset, bytes: data.length });
    if (this.#keepable?.isWhole === true && sending.piece === piece) sending.next();
    this.#keepable = undefined;
  }

  #keepable: { readonly piece: number; readonly bytes: number; isWhole: boolean } | undefined;

  #run(command: DownloadCommand): void {
    if (command.type === "openStream") this.streams.push({ command, sending: new PieceCursor(command.runs) });
    if (command.type === "keepChunk") {
      // Nothing is kept that would not lie inside a piece.
      ok(this.#keepable?.piece === command.piece, "a chunk is kept that lies nowhere");
      this.kept.set(command.piece, (this.kept.get(command.piece) ?? 0) + this.#keepable.bytes);
    }
    if (command.type === "verifyPiece") {
      const { piece, copy } = command;
      ok(this.kept.get(piece) === pieceBytesOf(GEOMETRY, piece), "a piece is verified that is not there whole");
      this.kept.delete(piece);
      if (this.#keepable !== undefined) this.#keepable.isWhole = true;
      this.#events.push(this.#isDamaged ? { type: "pieceRejected", piece, copy } : { type: "pieceVerified", piece, copy, blamed: [] });
    }
    if (command.type === "discardCopy") this.kept.delete(command.piece);
    if (command.type === "storePiece") this.#events.push({ type: "pieceStored", piece: command.piece });
  }
}

const mostly = <Value>(good: readonly Value[], bad: readonly Value[]): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...good) }, { weight: 2, arbitrary: fc.constantFrom(...bad) });
const ranges = { first: fc.constantFrom(0, 1, 5, 19, 20, 2 ** 31, 2 ** 32 - 1), count: fc.constantFrom(0, 1, 2, 15, 20, 21, 2 ** 32 - 1) };
const offered = mostly([Bitfield.create(PIECES, true).toBytes()], [Bitfield.create(PIECES).toBytes(), Uint8Array.of(0x80, 0, 0x10), Uint8Array.of(255, 255, 255), new Uint8Array()]);
const news = messageBytes(WatchPiecesResponseSchema, { ...ranges, offered });
/** Relative to what is asked for. */
const chunk = messageBytes(GetPieceResponseSchema, {
  pieceIndex: mostly([0], [1, 19, 2 ** 32 - 1]),
  offset: mostly([0], [1, 32, 2 ** 32 - 1]),
  data: mostly([new Uint8Array(64), new Uint8Array(32)], [new Uint8Array(64).fill(0xff), new Uint8Array(54), new Uint8Array(65), new Uint8Array()]),
});
/** A message as bytes: 0 for news, else for which of the streams it is a chunk; then the message. */
const message = fc.oneof(
  { weight: 1, arbitrary: news.map((bytes) => Buffer.concat([Buffer.of(0), bytes])) },
  { weight: 3, arbitrary: fc.tuple(mostly([1], [2, 3]), chunk).map(([back, bytes]) => Buffer.concat([Buffer.of(back), bytes])) },
);

const uint32 = (number: number): number => number % 2 ** 32;

function hearMessage(download: Downloading, input: Uint8Array): void {
  const [back = 0] = input;
  if (back === 0) {
    const told = read(() => fromBinary(WatchPiecesResponseSchema, input.subarray(1)));
    if (told === undefined) return;
    for (const event of eventsFromWatch(PEER, told)) download.hear(event);
    if (told.load !== undefined) download.hear(loadEvent(PEER, told.load));
    return;
  }
  const stream = download.streams.at(-back);
  const received = read(() => fromBinary(GetPieceResponseSchema, input.subarray(1)));
  if (stream === undefined || received === undefined) return;
  download.chunk(stream, {
    pieceIndex: uint32(Math.max(0, stream.sending.piece) + received.pieceIndex),
    offset: uint32(stream.command.offset + (download.kept.get(stream.sending.piece) ?? 0) + received.offset),
    data: received.data,
  });
}

// Input: the first message of WatchPieces, then what comes after it.
fuzz({
  name: "what a peer says of its pieces, and sends of them",
  corpus: new URL("testdata/peer-answers.corpus.json", import.meta.url),
  valid: fc.tuple(messageBytes(WatchPiecesResponseSchema, { ...ranges, offered }), fc.array(message, { maxLength: MESSAGES_MAX - 1 })).map(([first, rest]) => joinParts([first, ...rest])),
  check(input) {
    const [first = new Uint8Array(), ...rest] = splitParts(input, MESSAGES_MAX);
    const told = read(() => fromBinary(WatchPiecesResponseSchema, first));
    if (told === undefined) return;
    const download = new Downloading(told.offered);
    for (const one of rest) hearMessage(download, one);
    download.hear({ type: "deadlineReached" });
  },
});

function checkAddress(address: string): void {
  if (!isDialable(address)) return ok(!isWorthDialling(address, { isOnLoopback: true }));
  // Whatever is dialable makes a channel; nothing is dialled before the first call.
  openChannel(address, { purpose: "control" }).close();
}

function checkListing(summary: ContentSummary): void {
  const listing = listingFromWire(summary);
  if (listing === undefined) return;
  ok(isContentId(listing.contentId) && listing.names.length > 0 && Number.isSafeInteger(listing.totalBytes));
  for (const name of listing.names) ok(!/[\p{Cc}/\\]/u.test(name));
}

const address = fc.constantFrom("192.0.2.7:4000", "[::1]:1", "[:]:1", "unix:1", "a.b:0", "xn--:1", "-:1", "%:1", "", "\u{1b}:1", "é:65535", "[fe80::1%eth0]:9", "1.2.3.4.5:6", "..:1");
const answers = { address, contentId: fc.constantFrom(`sha256:${"a".repeat(64)}`, "sha256:"), names: fc.constantFrom("film.mkv", "..", "a/b", "\u{1b}", "é") };
const lookup = messageBytes(LookupResponseSchema, answers).map((bytes) => Buffer.concat([Buffer.of(0), bytes]));
const exchange = messageBytes(ExchangePeersResponseSchema, answers).map((bytes) => Buffer.concat([Buffer.of(1), bytes]));
const registered = messageBytes(RegisterResponseSchema, { listedAddress: address }).map((bytes) => Buffer.concat([Buffer.of(2), bytes]));

// Input: which answer it is (a byte), then the answer.
fuzz({
  name: "what trackers and peers say of others",
  corpus: new URL("testdata/tracker-answers.corpus.json", import.meta.url),
  valid: fc.oneof(lookup, exchange, registered),
  check(input) {
    const bytes = input.subarray(1);
    if (input[0] === 2) {
      const response = read(() => fromBinary(RegisterResponseSchema, bytes));
      if (response === undefined) return;
      const keeper = new LeaseKeeper(createPrng(1));
      keeper.answered(durationToMs(response.renewAfter, 1_000), 5);
      ok(keeper.dueAtMs >= 5 + RENEW_MS_MIN && keeper.dueAtMs <= 5 + RENEW_MS_MAX, `the next renewal is due at ${keeper.dueAtMs}`);
      checkAddress(response.listedAddress);
      return;
    }
    const schema = input[0] === 1 ? ExchangePeersResponseSchema : LookupResponseSchema;
    const response = read(() => fromBinary(schema, bytes));
    for (const peer of response?.peers ?? []) checkAddress(peer.address);
    if (response !== undefined && "contents" in response) response.contents.forEach(checkListing);
  },
});
