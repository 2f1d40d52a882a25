import { equal, ok } from "node:assert/strict";
import type { DescMessage } from "@bufbuild/protobuf";
import { createPrng, displayText, type ErrorCode, hostClassOf, isContentId, parseHostPort, silentLogger } from "@piecewise/base";
import { fuzzAsync, joinParts, splitParts } from "@piecewise/base/testing";
import { type ListContentsResponse, type LookupResponse, TrackerService, type WatchPeersResponse } from "@piecewise/contract";
import { messageBytes } from "@piecewise/contract/testing";
import { answersOf, callMethod } from "@piecewise/rpc/testing";
import { createSwarmRegistry } from "@piecewise/swarm-registry";
import * as fc from "fast-check";
import type { Dial } from "./dial-back.js";
import { RegistryLoop } from "./registry-loop.js";
import { createTrackerService } from "./tracker-service.js";

const CALLS_MAX = 4;
/** Small, so that what is too much is reached. */
const LIMITS = { leasesMax: 3, contentsMax: 3, namesMax: 4, membershipsMax: 4, leasesPerNetworkMax: 2, membershipsPerNetworkMax: 3, watchersMax: 2, contentsPerLeaseMax: 2 };
const HOSTS = ["192.0.2.7", "192.0.2.8", "127.0.0.1", "fe80::1%eth0", "unknown"];
const METHODS = TrackerService.methods;
const REFUSALS: readonly ErrorCode[] = ["INVALID_ARGUMENT", "LEASE_TOKEN_WRONG", "REGISTER_AGAIN", "TRACKER_FULL", "CONTENT_NOT_FOUND", "GOING_AWAY"];

const ids = ["a", "b", "c"].map((digit) => `sha256:${digit.repeat(64)}`);
const contentId = fc.constantFrom(...ids, "sha256:", "");
const values = {
  contentId,
  removed: contentId,
  name: fc.constantFrom("film.mkv", "é", "photos", "..", "\u{1b}", "x".repeat(256)),
  peerId: fc.constantFrom(...[1, 2, 3].map((byte) => new Uint8Array(16).fill(byte)), new Uint8Array(3)),
  leaseToken: fc.constantFrom(new Uint8Array(), new Uint8Array(16), new Uint8Array(16).fill(7)),
  port: fc.constantFrom(4_001, 4_002, 4_003, 4_000, 0, 65_535, 65_536, 2 ** 32 - 1),
  advertisedAddress: fc.constantFrom("", "", "192.0.2.9:1", "[::1]:2", "[::]:3", "169.254.1.1:1", "10.0.0.1:1", "a.example:0", "300.1.1.1:4", "\u{202e}:5"),
  totalBytes: fc.constantFrom(0n, 1n, 10n, 2n ** 46n, 2n ** 64n - 1n),
  pieceLength: fc.constantFrom(1, 4, 262_144, 0, 2 ** 32 - 1),
  piecesHeld: fc.constantFrom(0, 1, 3, 10, 2 ** 32 - 1),
  coarseMap: fc.constantFrom(new Uint8Array(), new Uint8Array(64), new Uint8Array(65)),
  sequence: fc.constantFrom(0n, 1n, 2n, 2n ** 64n - 1n),
  filter: fc.constantFrom("", "film", "É", "x".repeat(256)),
  idPrefix: fc.constantFrom("", "sha256:", "sha256:a", "sha256:A", "film"),
  pageToken: fc.constantFrom("", "a".repeat(64), "b".repeat(64), "x"),
};

/** A call as bytes: which method, from where, the request. */
const call = fc.oneof(
  ...METHODS.map((method, index) => {
    const request = messageBytes(method.input as DescMessage, values);
    return fc.tuple(fc.nat(HOSTS.length - 1), request).map(([host, bytes]) => Buffer.concat([Buffer.of(index, host), bytes]));
  }),
);

/** Behind each port is one of the peers, or nobody. */
const dial: Dial = async ({ address, nonce }) => {
  const { port } = parseHostPort(address, "who is dialled");
  return port % 4 === 0 ? undefined : { nonce, peerIds: [(port % 4).toString(16).padStart(2, "0").repeat(16)] };
};

function createTracker() {
  let tokens = 0;
  const createToken = (): string => (tokens += 1).toString(16).padStart(32, "0");
  const registry = createSwarmRegistry({ leaseMs: 30_000, prng: createPrng(1), createToken, nowMs: 0, limits: LIMITS });
  const loop = new RegistryLoop(registry, () => 0, dial);
  return { registry, loop, service: createTrackerService(loop, silentLogger) };
}

function checkPeers(peers: readonly { readonly address: string; readonly peerId: Uint8Array }[]): void {
  for (const { address, peerId } of peers) {
    const { host, port } = parseHostPort(address, "a listed peer");
    ok(port > 0 && !["linkLocal", "multicast", "unspecified"].includes(hostClassOf(host)), address);
    equal(peerId.length, 16);
  }
}

function checkContents(contents: readonly { readonly contentId: string; readonly names: readonly string[] }[]): void {
  for (const { contentId: id, names } of contents) {
    ok(isContentId(id) && names.length > 0);
    for (const name of names) ok(!/[\p{Cc}/\\]/u.test(name), displayText(name));
  }
}

function checkAnswers(method: string, answers: readonly unknown[]): void {
  for (const answer of answers) {
    const { contents = [], peers = [], added = [] } = answer as Partial<LookupResponse & ListContentsResponse & WatchPeersResponse>;
    checkContents(contents);
    checkPeers([...peers, ...added]);
    ok(method !== "Lookup" || contents.length > 0);
  }
}

// Input: calls, one after the other, each of them the number of a method, the number of a host, and the request.
fuzzAsync({
  name: "calls to a tracker",
  corpus: new URL("testdata/tracker-calls.corpus.json", import.meta.url),
  valid: fc.array(call, { minLength: 1, maxLength: CALLS_MAX }).map(joinParts),
  async check(input) {
    const { registry, loop, service } = createTracker();
    for (const [methodByte = 0, hostByte = 0, ...request] of splitParts(input, CALLS_MAX)) {
      const method = METHODS[methodByte % METHODS.length]!;
      const remoteHost = HOSTS[hostByte % HOSTS.length]!;
      const outcome = await callMethod(service, method.name, [Uint8Array.from(request)], { remoteHost, turnsMax: 1 });
      // Of a caller whose address is gone nothing is heard any more.
      checkAnswers(method.name, answersOf(method.output, outcome, remoteHost === "unknown" ? [...REFUSALS, "PEER_UNREACHABLE"] : REFUSALS));
    }
    const { peerCount, contentCount, membershipCount, watcherCount } = registry.stats(0);
    ok(peerCount <= LIMITS.leasesMax && contentCount <= LIMITS.contentsMax && membershipCount <= LIMITS.membershipsMax);
    equal(watcherCount, 0);
    loop.close();
  },
});
