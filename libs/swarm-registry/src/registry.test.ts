import { createPrng } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { LOOKUP_CONTENTS_MAX, NAMES_PER_SUMMARY_MAX, PEERS_DEFAULT, PEERS_MAX } from "./limits.js";
import type { ContentAnnouncement } from "./registry-calls.js";
import { createSwarmRegistry } from "./registry.js";
import { answerDialBacks } from "./testing/answer-dial-backs.js";

const idOf = (number: number, digits = 64): string => number.toString(16).padStart(digits, "0");
const announce = (content: number, piecesHeld = 0, name = "film"): ContentAnnouncement => ({
  contentId: `sha256:${idOf(content)}`,
  name,
  totalBytes: 1_000,
  pieceLength: 100,
  entryCount: 1,
  progress: { piecesHeld, coarseMap: new Uint8Array() },
});

function createCrowd() {
  const registry = createSwarmRegistry({ leaseMs: 30_000, prng: createPrng(1), createToken: () => "00", nowMs: 0 });
  const register = (peer: number, contents: readonly ContentAnnouncement[]) => {
    const grant = registry.register(
      {
        peerId: idOf(peer, 32),
        observedHost: `10.0.${peer >> 8}.${peer & 255}`,
        port: 4001,
        advertisedAddress: "",
        contents,
        sequence: 0n,
        leaseToken: "00",
      },
      0,
    );
    answerDialBacks(registry, 0);
    return grant;
  };
  const lookup = (peersMax: number, asker = "") =>
    registry.lookup({ what: { name: "film" }, pieceLength: 0, peersMax, askerPeerId: asker, askerHost: "10.0.0.1" }, 0);
  return { registry, register, lookup };
}

describe("a large swarm", () => {
  const { register, lookup } = createCrowd();
  for (let peer = 0; peer < 300; peer += 1) register(peer, [announce(1, peer % 2 === 0 ? 10 : 4)]);

  test("samples are bounded", () => {
    expect(lookup(0).peers).toHaveLength(PEERS_DEFAULT);
    expect(lookup(7).peers).toHaveLength(7);
    expect(lookup(4_000_000_000).peers).toHaveLength(PEERS_MAX);
    expect(lookup(0).contents).toMatchObject([{ seedCount: 150, leecherCount: 150 }]);
  });

  test("every peer is returned about equally often, seed or not, but never the asker", () => {
    const asker = idOf(17, 32);
    const counts = new Map<string, number>();
    for (let round = 0; round < 3_000; round += 1) {
      for (const { peerId } of lookup(30, asker).peers) counts.set(peerId, (counts.get(peerId) ?? 0) + 1);
    }
    expect(counts.has(asker)).toBe(false);
    expect(counts.size).toBe(299);
    for (const count of counts.values()) expect(Math.abs(count - 301)).toBeLessThan(100);
  });
});

test("a summary names the most common names only", () => {
  const { register, lookup } = createCrowd();
  for (let peer = 0; peer < 40; peer += 1) register(peer, [announce(1, 0, peer < 20 ? "film" : `film ${peer}`)]);
  const [summary] = lookup(0).contents;
  expect(summary!.names).toHaveLength(NAMES_PER_SUMMARY_MAX);
  expect(summary!.names[0]).toBe("film");
});

test("of a flooded name the contents with the most peers are returned", () => {
  const { register, lookup } = createCrowd();
  register(
    1,
    Array.from({ length: LOOKUP_CONTENTS_MAX + 50 }, (_, index) => announce(index)),
  );
  register(2, [announce(LOOKUP_CONTENTS_MAX + 49)]);
  const { contents, peers } = lookup(0);
  expect(contents).toHaveLength(LOOKUP_CONTENTS_MAX);
  expect(contents.at(-1)!.contentId).toBe(announce(LOOKUP_CONTENTS_MAX + 49).contentId);
  expect(contents.map(({ contentId }) => contentId)).toEqual(contents.map(({ contentId }) => contentId).toSorted());
  expect(peers).toEqual([]);
});

test("pages join to the whole list while contents come and go behind the reader", () => {
  const { registry, register } = createCrowd();
  register(
    1,
    Array.from({ length: 2_500 }, (_, index) => announce(index)),
  );
  const seen: string[] = [];
  let pageToken = "";
  do {
    const page = registry.listContents({ filter: "FIL", idPrefix: "sha256:0", pageSize: 5_000, pageToken }, 0);
    expect(page.contents.length).toBeLessThanOrEqual(1_000);
    seen.push(...page.contents.map(({ contentId }) => contentId));
    register(
      1,
      Array.from({ length: 2_500 - seen.length }, (_, index) => announce(index + seen.length)),
    );
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(seen).toEqual(Array.from({ length: 2_500 }, (_, index) => announce(index).contentId));
});

test("renewals are spread by a tenth around a third of the lease", () => {
  const { register } = createCrowd();
  const times = Array.from({ length: 500 }, (_, peer) => register(peer, []).renewAfterMs);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(9_000);
  expect(Math.max(...times)).toBeLessThanOrEqual(11_000);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(1_800);
});

test("many memberships come, change and go, and nothing stays behind", () => {
  const { registry, register } = createCrowd();
  const contents = Array.from({ length: 1_000 }, (_, index) => announce(index));
  for (let peer = 0; peer < 100; peer += 1) register(peer, contents);
  expect(registry.stats(0)).toMatchObject({ membershipCount: 100_000, contentCount: 1_000, peerCount: 100 });
  for (let peer = 0; peer < 100; peer += 1) register(peer, contents.slice(0, 10));
  expect(registry.stats(0)).toMatchObject({ membershipCount: 1_000, contentCount: 10 });
  expect(registry.nextDeadlineMs).toBe(30_000);
  registry.advance(30_000);
  expect(registry.stats(30_000)).toMatchObject({ membershipCount: 0, contentCount: 0, peerCount: 0, expirationsTotal: 100 });
  expect(registry.nextDeadlineMs).toBe(Number.POSITIVE_INFINITY);
});
