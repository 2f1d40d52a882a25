import { readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { createPrng, ERROR_CODES, GrpcCode, PiecewiseError, silentLogger } from "@piecewise/base";
import { ExchangePeersRequestSchema, GetManifestRequestSchema, GetPieceRequestSchema, ReportBadPieceRequestSchema, WatchPiecesRequestSchema } from "@piecewise/contract";
import { createUploadEngine } from "@piecewise/piece-engine";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CallerWatches } from "./caller-watches.js";
import { createPieceService } from "./piece-service.js";
import { MANIFEST_DRAIN_MS_MAX } from "./send-manifest.js";
import { FakeWriter } from "./testing/fake-writer.js";
import { fakeContent, testFile } from "./testing/fake-content.js";
import { UploadLoop } from "./upload-loop.js";

const file = testFile(1_000, 100);
const { contentId } = file;
/** More calls than any of the limits lets in. */
const CALLS_MAX = 1_200;
const ONE_HOST = "192.0.2.1";
const LOOPBACK = "127.0.0.1";

const hostOf = (index: number): string => `10.0.${index >> 8}.${index & 255}`;
const fresh = (index: number) => ({ peerId: Uint8Array.from({ length: 16 }, (_, at) => (index >> (8 * (at % 4))) & 255), port: 0 });

/** A stream that nobody reads. */
function unread<Message>(): FakeWriter<Message> {
  const writer = new FakeWriter<Message>();
  writer.room = 1;
  writer.keeps = true;
  return writer;
}

function createPeer() {
  const content = fakeContent(file);
  const uploads = new UploadLoop(createUploadEngine(), () => 0, silentLogger, new CallerWatches(new Uint8Array(16)));
  uploads.contentAdded(content);
  const contents = new Map([[contentId, content]]);
  const service = createPieceService({ peerId: new Uint8Array(16).fill(9), otherPeerIds: () => [], contents, uploads, prng: createPrng(1), now: () => 0, logger: silentLogger });
  return { service, uploads };
}

type Peer = ReturnType<typeof createPeer>["service"];
type Call = (peer: Peer, index: number) => Promise<unknown> | unknown;

const contextOf = (remoteHost: string) => ({ remoteHost, signal: new AbortController().signal });
const manifest = (host: (index: number) => string): Call => (peer, index) => peer.getManifest(create(GetManifestRequestSchema, { contentId }), contextOf(host(index)), unread());
const piece = (host: (index: number) => string): Call => (peer, index) =>
  peer.getPiece(create(GetPieceRequestSchema, { contentId, pieceCount: 10, caller: fresh(index) }), contextOf(host(index)), unread());
const watch = (host: (index: number) => string, named = true): Call => (peer, index) =>
  peer.watchPieces(create(WatchPiecesRequestSchema, { contentId, ...(named ? { caller: fresh(index) } : {}) }), contextOf(host(index)), unread());

const sameHost = (): string => ONE_HOST;
const onLoopback = (): string => LOOPBACK;

/** By the name under which docs/LIMITS.md has it: the call that, made often enough, comes to that limit and no other. */
const CAPS: Readonly<Record<string, Call>> = {
  UPLOAD_QUEUE_MAX: piece(hostOf),
  UPLOAD_NETWORK_QUEUE_MAX: piece(sameHost),
  UPLOAD_WATCHERS_MAX: watch(hostOf),
  UPLOAD_NETWORK_WATCHERS_MAX: watch(sameHost),
  UPLOAD_CALLER_WATCHERS_MAX: watch(onLoopback, false),
  MANIFEST_STREAMS_MAX: manifest(hostOf),
  MANIFEST_STREAMS_PER_HOST_MAX: manifest(sameHost),
  EXCHANGES_PER_SECOND_MAX: (peer) => peer.exchangePeers(create(ExchangePeersRequestSchema, { contentId }), contextOf(LOOPBACK)),
  RECHECKS_PER_SECOND_MAX: (peer) => peer.reportBadPiece(create(ReportBadPieceRequestSchema, { contentId, pieceIndex: 0 }), contextOf(LOOPBACK)),
  MANIFEST_DRAIN_MS_MAX: (peer, index) => {
    const sent = manifest(sameHost)(peer, index);
    vi.advanceTimersByTime(MANIFEST_DRAIN_MS_MAX);
    return sent;
  },
};
/** Those of the server below, for which libs/rpc has its own test. */
const TRIED_ELSEWHERE = ["SERVER_LIMITS.callsPerHostMax"];

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("every limit of a peer that refuses for want of room is tried here", () => {
  const text = readFileSync(new URL("../../../docs/LIMITS.md", import.meta.url), "utf8").split("## A tracker")[0]!;
  const rows = [...text.matchAll(/^\| `([\w.]+)` \|.*`(?:BUSY|TOO_SLOW)`.*$/gm)].map(([, name]) => name!);
  expect(rows.toSorted()).toEqual([...Object.keys(CAPS), ...TRIED_ELSEWHERE].toSorted());
});

test.each(Object.keys(CAPS))("%s: the refusal says why, and when to come back", async (name) => {
  const { service, uploads } = createPeer();
  const refusals: unknown[] = [];
  for (let index = 0; index < CALLS_MAX && refusals.length === 0; index += 1) {
    try {
      Promise.resolve(CAPS[name]!(service, index)).catch((error: unknown) => refusals.push(error));
    } catch (error) {
      refusals.push(error);
    }
    await Promise.resolve();
  }
  await vi.advanceTimersByTimeAsync(0);
  const [refusal] = refusals as PiecewiseError[];
  expect(refusal).toBeInstanceOf(PiecewiseError);
  expect(ERROR_CODES[refusal!.code].grpc).toBe(GrpcCode.RESOURCE_EXHAUSTED);
  expect(refusal!.retryAfterMs).toBeGreaterThan(0);
  uploads.close();
});
