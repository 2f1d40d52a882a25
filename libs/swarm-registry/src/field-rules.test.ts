import { createPrng } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import type { ContentAnnouncement, Registration } from "./registry-calls.js";
import { answerDialBacks } from "./testing/answer-dial-backs.js";
import { createSwarmRegistry } from "./registry.js";

const contentId = `sha256:${"a".repeat(64)}`;
const announcement: ContentAnnouncement = {
  contentId,
  name: "film",
  totalBytes: 250,
  pieceLength: 100,
  entryCount: 1,
  progress: undefined,
};
const registration: Registration = {
  peerId: "0".repeat(32),
  observedHost: "10.0.0.1",
  port: 4001,
  advertisedAddress: "",
  contents: [announcement],
  sequence: 0n,
  leaseToken: "",
};
const asker = { peersMax: 0, askerPeerId: "", askerHost: "10.0.0.1" };

const create = (leaseMs = 30_000) => createSwarmRegistry({ leaseMs, prng: createPrng(1), createToken: () => "00", nowMs: 0 });
const register = (changes: Partial<Registration>) => create().register({ ...registration, ...changes }, 0);
const announce = (changes: Partial<ContentAnnouncement>) => register({ contents: [announcement, { ...announcement, ...changes }] });
const renew = (changes: object) =>
  create().renew(
    {
      peerId: registration.peerId,
      observedHost: "10.0.0.1",
      leaseToken: "",
      sequence: 0n,
      added: [],
      removed: [],
      progress: [],
      ...changes,
    },
    0,
  );

describe("a malformed field is refused by its name", () => {
  const coarseMap = new Uint8Array();
  test.each<[string, () => unknown]>([
    ["peer_id has 0 bytes", () => register({ peerId: "" })],
    ["peer_id has 15 bytes", () => register({ peerId: "0".repeat(30) })],
    ["port is 0", () => register({ port: 0 })],
    ["port is 65536", () => register({ port: 65_536 })],
    ['advertised_address "nowhere"', () => register({ advertisedAddress: "nowhere" })],
    ['advertised_address "xxx', () => register({ advertisedAddress: `${"x".repeat(999_999)}:1` })],
    ['advertised_address "[fe80::1%eth0]:1"', () => register({ advertisedAddress: "[fe80::1%eth0]:1" })],
    ["contents has 10001 entries", () => register({ contents: Array.from({ length: 10_001 }, () => announcement) })],
    ['contents[1].content_id "sha256:A"', () => announce({ contentId: "sha256:A" })],
    [`contents[1].content_id "${"x".repeat(80)}…"`, () => announce({ contentId: "x".repeat(100_000) })],
    ["contents[1].name has 0 bytes", () => announce({ name: "" })],
    ["contents[1].name has 256 bytes", () => announce({ name: "é".repeat(128) })],
    ['contents[1].name "a/b"', () => announce({ name: "a/b" })],
    ['contents[1].name "a\\b"', () => announce({ name: "a\\b" })],
    ['contents[1].name "a\\u{0}"', () => announce({ name: "a\u0000" })],
    ["contents[1].name", () => announce({ name: "\uD800" })],
    ["contents[1].piece_length is 0", () => announce({ pieceLength: 0 })],
    ["contents[1].piece_length is 67108865", () => announce({ pieceLength: 67_108_865 })],
    ["contents[1].total_bytes is 1048577", () => announce({ pieceLength: 1, totalBytes: 1_048_577 })],
    ["contents[1].total_bytes is 18446744073709552000", () => announce({ totalBytes: 2 ** 64 })],
    ["contents[1].progress.pieces_held is 4: the content has 3 pieces", () => announce({ progress: { piecesHeld: 4, coarseMap } })],
    ["contents[1].progress.coarse_map has 65 bytes", () => announce({ progress: { piecesHeld: 0, coarseMap: new Uint8Array(65) } })],
    ["peer_id has 1 bytes", () => renew({ peerId: "00" })],
    ["added[0].name", () => renew({ added: [{ ...announcement, name: "" }] })],
    ["removed[0]", () => renew({ removed: ["sha256:"] })],
    ["removed has 10001 entries", () => renew({ removed: Array.from({ length: 10_001 }, () => contentId) })],
    ["progress[0].content_id", () => renew({ progress: [{ contentId: "", piecesHeld: 0, coarseMap }] })],
    ["progress[0].coarse_map", () => renew({ progress: [{ contentId, piecesHeld: 0, coarseMap: new Uint8Array(65) }] })],
    ["peer_id has 2 bytes", () => create().unregister("0000", "", 0)],
    ["what is not set", () => create().lookup({ ...asker, what: undefined, pieceLength: 0 }, 0)],
    ["content_id", () => create().lookup({ ...asker, what: { contentId: "sha256:aaaaaaaa" }, pieceLength: 0 }, 0)],
    ["name has 0 bytes", () => create().lookup({ ...asker, what: { name: "" }, pieceLength: 0 }, 0)],
    ["peer_id has 3 bytes", () => create().lookup({ ...asker, askerPeerId: "000000", what: { contentId }, pieceLength: 0 }, 0)],
    [
      "filter has more than 255 bytes",
      () => create().listContents({ filter: "x".repeat(256), idPrefix: "", pageSize: 0, pageToken: "" }, 0),
    ],
    ["id_prefix", () => create().listContents({ filter: "", idPrefix: "sha256:xyz", pageSize: 0, pageToken: "" }, 0)],
    ["page_token", () => create().listContents({ filter: "", idPrefix: "", pageSize: 0, pageToken: "1" }, 0)],
    ["content_id", () => create().openWatch({ ...asker, contentId: "" }, 0)],
    ["peer_id has 1 bytes", () => create().openWatch({ ...asker, contentId, askerPeerId: "00" }, 0)],
    ["the lease of 0.999 seconds", () => create(999)],
    ["the lease of 3600.001 seconds", () => create(3_600_001)],
    ["the lease of NaN seconds", () => create(Number.NaN)],
    ["the lease of 1.0005 seconds", () => create(1_000.5)],
  ])("%s", (field, call) => {
    expect(call).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(field) }));
  });
});

describe("what is just within the rules is taken", () => {
  test.each<[string, () => unknown]>([
    ["an empty content without entries", () => announce({ totalBytes: 0, entryCount: 0 })],
    ["a name of 255 bytes with emoji, quotes and dashes", () => announce({ name: `--"🙂"${"x".repeat(247)}` })],
    ["the most pieces", () => announce({ pieceLength: 67_108_864, totalBytes: 67_108_864 * 1_048_576 })],
    [
      "10,000 contents",
      () =>
        register({
          contents: Array.from({ length: 10_000 }, (_, index) => ({
            ...announcement,
            contentId: `sha256:${String(index).padStart(64, "0")}`,
          })),
        }),
    ],
    ["the highest port", () => register({ port: 65_535 })],
  ])("%s", (_title, call) => {
    expect(call).not.toThrow();
  });
});

test("an empty content has nothing to hold, so everybody who has it is a seed", () => {
  const registry = create();
  registry.register({ ...registration, contents: [{ ...announcement, totalBytes: 0 }] }, 0);
  answerDialBacks(registry, 0);
  expect(registry.lookup({ ...asker, what: { contentId }, pieceLength: 0 }, 0).contents).toMatchObject([{ seedCount: 1, leecherCount: 0 }]);
});

test("names are found whatever their case and however their letters are composed", () => {
  const registry = create();
  registry.register({ ...registration, contents: [{ ...announcement, name: "Tiếng Việt".normalize("NFD") }] }, 0);
  const list = (filter: string) => registry.listContents({ filter, idPrefix: "", pageSize: 0, pageToken: "" }, 0).contents;
  expect(list("VIỆT".normalize("NFC"))).toHaveLength(1);
  expect(list("viet")).toHaveLength(0);
});
