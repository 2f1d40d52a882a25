import { type ContentId, createPrng, RemoteError, silentLogger } from "@piecewise/base";
import { afterEach, describe, expect, test } from "vitest";
import type { ContentTable } from "./content-table.js";
import { deferred } from "./testing/deferred.js";
import { fakeContent, testFile } from "./testing/fake-content.js";
import { type FakeTracker, leaseOf, startFakeTracker } from "./testing/fake-tracker.js";
import { LISTED_CONTENTS_MAX, LISTED_NAMES_MAX, LISTED_PAGES_MAX, LOOKUP_PEERS_MAX, TrackerGroup } from "./tracker-group.js";
import { TrackerSession } from "./tracker-session.js";

const peerId = new Uint8Array(16);
const NOWHERE = { address: "127.0.0.1:9" };
const idOf = (index: number): ContentId => `sha256:${index.toString(16).padStart(64, "0")}` as ContentId;
const idA = `sha256:${"a".repeat(64)}` as ContentId;
const idB = `sha256:${"b".repeat(64)}` as ContentId;
const listing = { contentId: idA, names: ["film"], totalBytes: 1_000n, pieceLength: 100, entryCount: 1, seedCount: 1, leecherCount: 5 };
const never = new AbortController().signal;

/** Answers when nobody wants to hear it any more. */
const silence = (_: object, { signal }: { readonly signal: AbortSignal }): Promise<object> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve({})));

const groups: TrackerGroup[] = [];

function openGroup(trackers: readonly Pick<FakeTracker, "address">[], contents: ContentTable = new Map()): TrackerGroup {
  const options = { peerId, port: 4001, advertise: undefined, contents, logger: silentLogger, prng: createPrng(1), now: () => performance.now() };
  const sessions = trackers.map(({ address }) => new TrackerSession({ ...options, address }));
  const group = new TrackerGroup(sessions, silentLogger);
  groups.push(group);
  return group;
}

/** All addresses that a lookup tells until its end. */
async function peersOf(group: TrackerGroup): Promise<string[]> {
  const addresses: string[] = [];
  await group.lookupPeers(idA, never, (found) => addresses.push(...found));
  return addresses;
}

afterEach(async () => {
  await Promise.all(groups.splice(0).map((group) => group.close()));
});

describe("several trackers", () => {
  test("what they say of one content is merged, and contents that only one knows are there, too", async () => {
    await using first = await startFakeTracker({ lookup: () => ({ contents: [{ ...listing, contentId: idB }, listing] }) });
    await using second = await startFakeTracker({
      lookup: () => ({ contents: [{ ...listing, names: ["movie", "film"], seedCount: 3, leecherCount: 2 }] }),
    });
    expect(await openGroup([first, second]).find({ name: "film" }, never)).toEqual([
      { ...listing, totalBytes: 1_000, names: ["film", "movie"], seedCount: 3, leecherCount: 5 },
      { ...listing, totalBytes: 1_000, contentId: idB },
    ]);
  });

  test("one that has a new name for a content with every word holds nobody up, and is cut short", async () => {
    const contents = Array.from({ length: 3_000 }, (_, index) => ({ ...listing, names: [`film ${index}`] }));
    await using liar = await startFakeTracker({ lookup: () => ({ contents }) });
    const [found, ...others] = await openGroup([liar]).find({ contentId: idA }, never);
    expect(others).toEqual([]);
    expect(found?.names).toEqual(contents.slice(0, LISTED_NAMES_MAX).flatMap(({ names }) => names));
  });

  test("peers of a swarm are those that any of them knows", async () => {
    await using first = await startFakeTracker({ lookup: () => ({ peers: [{ address: "127.0.0.1:1" }, { address: "127.0.0.1:2" }] }) });
    await using second = await startFakeTracker({ lookup: () => ({ peers: ["127.0.0.1:2", "127.0.0.1:3", "nonsense", "169.254.169.254:80"].map((address) => ({ address })) }) });
    const addresses = await peersOf(openGroup([first, NOWHERE, second]));
    expect(addresses.toSorted()).toEqual(["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]);
  });

  test("one that tells of very many peers crowds out none that another tells of", async () => {
    const peers = Array.from({ length: 5_000 }, (_, index) => ({ address: `192.0.2.1:${index + 1}` }));
    await using liar = await startFakeTracker({ lookup: () => ({ peers }) });
    await using honest = await startFakeTracker({ lookup: () => ({ peers: [{ address: "127.0.0.1:2" }] }) });
    const addresses = await peersOf(openGroup([liar, honest]));
    expect(addresses.slice(0, 2).toSorted()).toEqual(["127.0.0.1:2", "192.0.2.1:1"]);
    expect(addresses).toHaveLength(LOOKUP_PEERS_MAX + 1);
  });

  test("one that answers is enough", async () => {
    await using alive = await startFakeTracker({ lookup: () => ({ contents: [listing] }), listContents: () => ({ contents: [listing] }) });
    const content = fakeContent(testFile(10, 10));
    const group = openGroup([NOWHERE, alive], new Map([[content.contentId, content]]));
    expect(await group.find({ contentId: idA }, never)).toHaveLength(1);
    expect(await group.list("", never)).toHaveLength(1);
    group.contentsChanged();
    await group.whenTold(content.contentId, never);
    expect(group.listedAddress).toBe("192.0.2.1:4001");
  });

  test("one that has fallen silent does not hold up what another tells", async () => {
    await using silent = await startFakeTracker({ lookup: silence, listContents: silence });
    await using alive = await startFakeTracker({
      lookup: () => ({ contents: [listing], peers: [{ address: "127.0.0.1:1" }] }),
      listContents: () => ({ contents: [listing] }),
    });
    let hasGivenUp = false;
    peersOf(openGroup([silent])).catch(() => (hasGivenUp = true));
    const both = openGroup([silent, alive]);
    const answers = await Promise.all([peersOf(both), both.find({ name: "film" }, never), both.list("", never)]);
    expect(hasGivenUp).toBe(false);
    expect(answers).toMatchObject([["127.0.0.1:1"], [{ contentId: idA }], [{ contentId: idA }]]);
  });

  test("what one tells of a content or a swarm is not kept back for another that is silent", async () => {
    await using silent = await startFakeTracker({ lookup: silence });
    await using alive = await startFakeTracker({ lookup: () => ({ contents: [listing], peers: [{ address: "127.0.0.1:1" }] }) });
    const group = openGroup([silent, alive]);
    let isByNameKnown = false;
    const byName = group.find({ name: "film" }, never).then(() => (isByNameKnown = true));
    expect(await group.find({ contentId: idA }, never)).toHaveLength(1);
    const found = deferred<readonly string[]>();
    let isOver = false;
    const over = group.lookupPeers(idA, never, found.resolve).then(() => (isOver = true));
    expect([await found.promise, isOver, isByNameKnown]).toEqual([["127.0.0.1:1"], false, false]);
    await Promise.all([byName, over]);
  });

  test("a name that a slower one knows of another content, too, is ambiguous", async () => {
    await using quick = await startFakeTracker({ lookup: () => ({ contents: [listing] }) });
    await using slow = await startFakeTracker({
      lookup: () => new Promise((resolve) => setTimeout(resolve, 300, { contents: [{ ...listing, contentId: idB }] })),
    });
    expect(await openGroup([quick, slow]).find({ name: "film" }, never)).toHaveLength(2);
  });

  test("one that tells of other contents does not end the search for an id", async () => {
    await using liar = await startFakeTracker({ lookup: () => ({ contents: [{ ...listing, contentId: idB }] }) });
    await using slow = await startFakeTracker({ lookup: () => new Promise((resolve) => setTimeout(resolve, 300, { contents: [listing] })) });
    expect(await openGroup([liar, slow]).find({ contentId: idA }, never)).toHaveLength(1);
  });

  test("contents that were not asked for are left out", async () => {
    await using liar = await startFakeTracker({ lookup: () => ({ contents: [listing] }), listContents: () => ({ contents: [listing] }) });
    const group = openGroup([liar]);
    expect(await group.find({ contentId: idB }, never)).toEqual([]);
    expect(await group.find({ idPrefix: idB.slice(0, 20) }, never)).toEqual([]);
    expect(await group.find({ idPrefix: idA.slice(0, 20) }, never)).toHaveLength(1);
  });

  test("an address that is none is not taken for our own", async () => {
    await using liar = await startFakeTracker({ register: () => ({ ...leaseOf(60_000), listedAddress: "nowhere" }) });
    const content = fakeContent(testFile(10, 10));
    const group = openGroup([liar], new Map([[content.contentId, content]]));
    group.contentsChanged();
    await group.whenTold(content.contentId, never);
    expect(group.listedAddress).toBeUndefined();
  });

  test("not to know a content is an answer, too", async () => {
    await using ignorant = await startFakeTracker();
    const group = openGroup([ignorant, NOWHERE]);
    expect(await group.find({ name: "film" }, never)).toEqual([]);
    expect(await peersOf(group)).toEqual([]);
  });

  test("if none answers, the first one says why", async () => {
    await using full = await startFakeTracker({
      register() {
        throw new RemoteError("TRACKER_FULL", "no room");
      },
    });
    const content = fakeContent(testFile(10, 10));
    const group = openGroup([NOWHERE, full], new Map([[content.contentId, content]]));
    const unreachable = { code: "TRACKER_UNREACHABLE", remote: NOWHERE.address };
    const lost = openGroup([NOWHERE, { address: "127.0.0.1:10" }]);
    await expect(lost.find({ name: "film" }, never)).rejects.toMatchObject(unreachable);
    await expect(lost.list("", never)).rejects.toMatchObject(unreachable);
    await expect(peersOf(lost)).rejects.toMatchObject(unreachable);
    group.contentsChanged();
    await expect(group.whenTold(content.contentId, never)).rejects.toMatchObject(unreachable);
  });

  test("asking ends with the signal", async () => {
    await using silent = await startFakeTracker({ lookup: silence });
    const stop = new AbortController();
    const found = openGroup([silent]).find({ name: "film" }, stop.signal);
    stop.abort();
    await expect(found).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("each is told of every content", async () => {
    await using first = await startFakeTracker();
    await using second = await startFakeTracker({ register: () => ({ ...leaseOf(60_000), listedAddress: "" }) });
    const content = fakeContent(testFile(10, 10));
    const group = openGroup([first, second], new Map([[content.contentId, content]]));
    group.contentsChanged();
    await Promise.all(group.sessions.map((session) => session.whenTold(content.contentId)));
    for (const tracker of [first, second]) {
      expect(tracker.calls).toMatchObject([{ name: "register", request: { contents: [{ contentId: content.contentId }] } }]);
    }
  });
});

describe("a listing", () => {
  test("is read page by page", async () => {
    const requests: object[] = [];
    await using tracker = await startFakeTracker({
      listContents(request) {
        const { filter, idPrefix, pageToken } = request;
        requests.push({ filter, idPrefix, pageToken });
        const page = Number(pageToken);
        return { contents: [{ ...listing, contentId: idOf(page) }], nextPageToken: page < 2 ? String(page + 1) : "" };
      },
    });
    const group = openGroup([tracker]);
    expect((await group.list("film", never)).map(({ contentId }) => contentId)).toEqual([idOf(0), idOf(1), idOf(2)]);
    expect(requests).toEqual(["", "1", "2"].map((pageToken) => ({ filter: "film", idPrefix: "", pageToken })));
    await group.find({ idPrefix: "sha256:12345678" }, never);
    expect(requests[3]).toEqual({ filter: "", idPrefix: "sha256:12345678", pageToken: "" });
  });

  test("of a tracker that goes on for ever ends", async () => {
    let pages = 0;
    await using endless = await startFakeTracker({
      listContents() {
        const contents = Array.from({ length: 1_000 }, (_, index) => ({ ...listing, contentId: idOf(pages * 1_000 + index) }));
        pages += 1;
        return { contents, nextPageToken: "more" };
      },
    });
    expect(await openGroup([endless]).list("", never)).toHaveLength(LISTED_CONTENTS_MAX);
    let emptyPages = 0;
    await using empty = await startFakeTracker({
      listContents() {
        emptyPages += 1;
        return { nextPageToken: "more" };
      },
    });
    expect(await openGroup([empty]).list("", never)).toEqual([]);
    expect(emptyPages).toBe(1);
    let shortPages = 0;
    await using stingy = await startFakeTracker({
      listContents() {
        shortPages += 1;
        return { contents: [{ ...listing, contentId: idOf(shortPages) }], nextPageToken: "more" };
      },
    });
    expect(await openGroup([stingy]).list("", never)).toHaveLength(LISTED_PAGES_MAX);
    expect(shortPages).toBe(LISTED_PAGES_MAX);
  });
});

test("without trackers there is nothing to wait for, and nothing to be found", async () => {
  const group = openGroup([]);
  await group.whenTold(idA, never);
  expect(group.isEmpty).toBe(true);
  expect([await group.find({ name: "film" }, never), await group.list("", never), await peersOf(group)]).toEqual([[], [], []]);
});
