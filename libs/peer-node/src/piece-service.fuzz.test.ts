import { ok } from "node:assert/strict";
import { createPrng, type ErrorCode, silentLogger } from "@piecewise/base";
import { fuzzAsync } from "@piecewise/base/testing";
import { type ExchangePeersResponse, type GetManifestResponse, type GetPieceResponse, PeerService } from "@piecewise/contract";
import { messageBytes } from "@piecewise/contract/testing";
import { createUploadEngine } from "@piecewise/piece-engine";
import { CHUNK_BYTES_MAX, implementService } from "@piecewise/rpc";
import { answersOf, callMethod } from "@piecewise/rpc/testing";
import * as fc from "fast-check";
import { CallerWatches } from "./caller-watches.js";
import { createPieceService } from "./piece-service.js";
import { fakeContent, testFile } from "./testing/fake-content.js";
import { UploadLoop } from "./upload-loop.js";
import { EXCHANGED_PEERS_MAX, isDialable } from "./wire.js";

const HOSTS = ["192.0.2.7", "127.0.0.1", "2001:db8::1", "fe80::1%eth0"];
const METHODS = PeerService.methods;
const OWN_ID = new Uint8Array(16).fill(9);
const REFUSALS: readonly ErrorCode[] = ["INVALID_ARGUMENT", "PIECE_OUT_OF_RANGE", "CONTENT_NOT_FOUND", "OWN_PEER", "BUSY", "NOT_OFFERED"];

const file = testFile(1_000, 64);
const mostly = (good: readonly number[], bad: readonly number[]): fc.Arbitrary<number> =>
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.constantFrom(...bad) });
const contentId = fc.oneof(
  { weight: 9, arbitrary: fc.constant(file.contentId) },
  { weight: 1, arbitrary: fc.constantFrom(`sha256:${"0".repeat(64)}`, "", "sha256:", "\u{1b}") },
);
const values = {
  contentId,
  peerId: fc.constantFrom(...[1, 2].map((byte) => new Uint8Array(16).fill(byte)), OWN_ID, new Uint8Array(), new Uint8Array(1_000)),
  port: fc.constantFrom(0, 4_001, 65_535, 65_536, 2 ** 32 - 1),
  pieceIndex: mostly([0, 1, 14, 15], [16, 2 ** 31, 2 ** 32 - 1]),
  pieceCount: mostly([0, 1, 1, 2], [15, 16, 2 ** 32 - 1]),
  offset: mostly([0, 0, 0, 1, 39], [40, 63, 64, 2 ** 32 - 1]),
  length: mostly([0, 0, 0, 1], [40, 64, 65, 2 ** 32 - 1]),
};

/** A call as bytes: which method, from where, the request. */
const call = fc.oneof(
  ...METHODS.map((method, index) =>
    fc.tuple(fc.nat(HOSTS.length - 1), messageBytes(method.input, values)).map(([host, bytes]) => Buffer.concat([Buffer.of(index, host), bytes])),
  ),
);

function createPeer() {
  const content = fakeContent(file);
  let nowMs = 0;
  const uploads = new UploadLoop(createUploadEngine(), () => nowMs, silentLogger, new CallerWatches(new Uint8Array(16)));
  uploads.contentAdded(content);
  const contents = new Map([[content.contentId, content]]);
  const handlers = createPieceService({ peerId: OWN_ID, otherPeerIds: () => [], contents, uploads, prng: createPrng(1), now: () => (nowMs += 1_000), logger: silentLogger });
  return { uploads, service: implementService(PeerService, handlers) };
}

function checkAnswer(answer: unknown): void {
  const { data = new Uint8Array(), peers = [] } = answer as Partial<GetManifestResponse & ExchangePeersResponse>;
  ok(data.length <= CHUNK_BYTES_MAX);
  ok(peers.length <= EXCHANGED_PEERS_MAX && peers.every(({ address }) => isDialable(address)));
}

/** Each chunk lies inside a piece, and is what the file holds there. */
function checkChunks(chunks: readonly GetPieceResponse[]): void {
  for (const { pieceIndex, offset, data } of chunks) {
    ok(data.length > 0 && Buffer.from(file.pieceBytes(pieceIndex).subarray(offset, offset + data.length)).equals(data), `${pieceIndex} ${offset}`);
  }
}

// Input: the number of a method, the number of a host, the request.
fuzzAsync({
  name: "a call to a peer",
  corpus: new URL("testdata/peer-calls.corpus.json", import.meta.url),
  valid: call,
  async check(input) {
    const { uploads, service } = createPeer();
    const method = METHODS[(input[0] ?? 0) % METHODS.length]!;
    const remoteHost = HOSTS[(input[1] ?? 0) % HOSTS.length]!;
    const outcome = await callMethod(service, method.name, [input.subarray(2)], { remoteHost });
    const answers = answersOf(method.output, outcome, REFUSALS);
    answers.forEach(checkAnswer);
    if (method.name === "GetPiece") checkChunks(answers as GetPieceResponse[]);
    uploads.close();
  },
});
