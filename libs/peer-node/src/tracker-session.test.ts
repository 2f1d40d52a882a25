import { Bitfield, type ContentId, createPrng, type Logger, RemoteError, silentLogger } from "@piecewise/base";
import { Reachability } from "@piecewise/contract";
import { afterEach, describe, expect, test } from "vitest";
import type { ContentTable, LocalContent } from "./content-table.js";
import { deferred } from "./testing/deferred.js";
import { fakeContent, testFile } from "./testing/fake-content.js";
import { type FakeTracker, LEASE_TOKEN, leaseOf, startFakeTracker } from "./testing/fake-tracker.js";
import { until } from "./testing/until.js";
import { ANNOUNCED_CONTENTS_MAX, LOOKUPS_PER_RENEWAL_MAX, TrackerSession } from "./tracker-session.js";

const peerId = Uint8Array.from({ length: 16 }, () => 7);
const file = testFile(350, 100);
const testId = (index: number): ContentId => `sha256:${index.toString(16).padStart(64, "0")}` as ContentId;
const newContent = (index: number): LocalContent => ({ ...fakeContent(file, { held: Bitfield.create(4) }), contentId: testId(index) });

const newSeed = (index: number): LocalContent => ({ ...fakeContent(file), contentId: testId(index) });

const sessions: TrackerSession[] = [];

function openSession(tracker: Pick<FakeTracker, "address">, contents: readonly LocalContent[], logger: Logger = silentLogger) {
  const table: ContentTable = new Map(contents.map((content) => [content.contentId, content]));
  const session = new TrackerSession({
    address: tracker.address,
    peerId,
    port: 4001,
    advertise: undefined,
    contents: table,
    logger,
    prng: createPrng(1),
    now: () => performance.now(),
  });
  sessions.push(session);
  session.contentsChanged();
  return { session, table };
}

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});

describe("tracker session", () => {
  test("registers, renews with the next sequence number, and unregisters when it closes", async () => {
    await using tracker = await startFakeTracker({ register: () => leaseOf(1), renew: () => leaseOf(60_000) });
    const { session } = openSession(tracker, [newContent(1)]);
    await session.whenTold(testId(1));
    expect(session.listedAddress).toBe("192.0.2.1:4001");
    await until(() => tracker.calls.length === 2);
    await session.close();
    expect(tracker.calls).toMatchObject([
      { name: "register", request: { peerId, port: 4001, sequence: 0n, leaseToken: new Uint8Array(), contents: [{ contentId: testId(1), name: "file" }] } },
      { name: "renew", request: { peerId, sequence: 1n, leaseToken: LEASE_TOKEN, added: [], removed: [], progress: [] } },
      { name: "unregister" },
    ]);
  });

  test("with nothing to tell does not register", async () => {
    await using tracker = await startFakeTracker();
    const { session } = openSession(tracker, []);
    await session.close();
    expect(tracker.calls).toEqual([]);
  });

  test("tells many contents in parts, one right after the other", async () => {
    await using tracker = await startFakeTracker();
    const count = 2 * ANNOUNCED_CONTENTS_MAX + 10;
    const { session } = openSession(tracker, Array.from({ length: count }, (_, index) => newContent(index)));
    await session.whenTold(testId(count - 1));
    const told = tracker.calls.map((call) => (call.name === "register" ? call.request.contents : call.name === "renew" ? call.request.added : []));
    expect(told.map((contents) => contents.length)).toEqual([ANNOUNCED_CONTENTS_MAX, ANNOUNCED_CONTENTS_MAX, 10]);
    expect(new Set(told.flat().map(({ contentId }) => contentId)).size).toBe(count);
  });

  test("a tracker that has forgotten everything is told everything, at once", async () => {
    let hasForgotten = true;
    await using tracker = await startFakeTracker({
      register: () => leaseOf(hasForgotten ? 1 : 60_000),
      renew() {
        hasForgotten = false;
        throw new RemoteError("REGISTER_AGAIN", "the lease is not known");
      },
    });
    const { session } = openSession(tracker, [newContent(1), newContent(2)]);
    await session.whenTold(testId(2));
    await until(() => tracker.calls.length === 3);
    expect(tracker.calls.map(({ name }) => name)).toEqual(["register", "renew", "register"]);
    expect(tracker.calls[2]).toMatchObject({ request: { leaseToken: LEASE_TOKEN, contents: [{ contentId: testId(1) }, { contentId: testId(2) }] } });
  });

  test("what is added and removed is told at once, also while a call is under way", async () => {
    const registered = deferred();
    await using tracker = await startFakeTracker({ register: () => registered.promise.then(() => leaseOf(60_000)) });
    const { session, table } = openSession(tracker, [newContent(1)]);
    await until(() => tracker.calls.length === 1);
    table.set(testId(2), newContent(2));
    session.contentsChanged();
    registered.resolve();
    await session.whenTold(testId(2));
    expect(tracker.calls[1]).toMatchObject({ request: { added: [{ contentId: testId(2) }], removed: [] } });
    table.delete(testId(1));
    session.contentsChanged();
    await until(() => tracker.calls.length === 3);
    expect(tracker.calls[2]).toMatchObject({ request: { added: [], removed: [testId(1)] } });
  });

  test("what is removed while it is being told of is taken back", async () => {
    const registered = deferred();
    await using tracker = await startFakeTracker({ register: () => registered.promise.then(() => leaseOf(60_000)) });
    const { session, table } = openSession(tracker, [newContent(1)]);
    await until(() => tracker.calls.length === 1);
    table.delete(testId(1));
    session.contentsChanged();
    registered.resolve();
    await until(() => tracker.calls.length === 2);
    expect(tracker.calls[1]).toMatchObject({ request: { removed: [testId(1)] } });
  });

  test("who waits for a content that is gone is let go", async () => {
    const registered = deferred();
    await using tracker = await startFakeTracker({ register: () => registered.promise.then(() => leaseOf(60_000)) });
    const { session, table } = openSession(tracker, [newContent(1)]);
    await until(() => tracker.calls.length === 1);
    const told = session.whenTold(testId(2));
    table.delete(testId(2));
    registered.resolve();
    await expect(told).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("reports what was stored, received and sent since the last report, also while a call is under way", async () => {
    const content = newContent(1);
    const progress = (): void => {
      content.receivedBytes += 100;
      content.sentBytes += 10;
      content.source.held.add(content.source.held.count);
    };
    let renewals = 0;
    await using tracker = await startFakeTracker({
      register() {
        progress();
        return leaseOf(1);
      },
      renew() {
        renewals += 1;
        if (renewals < 4) progress();
        return leaseOf(renewals < 5 ? 1 : 60_000);
      },
    });
    openSession(tracker, [content]);
    await until(() => renewals === 5);
    expect(tracker.calls[0]).toMatchObject({ request: { contents: [{ progress: { piecesHeld: 0, receivedBytes: 0n } }] } });
    const reports = [1, 2, 3, 4].map((piecesHeld) => ({
      request: { progress: [{ contentId: testId(1), piecesHeld, receivedBytes: 100n, sentBytes: 10n }] },
    }));
    expect(tracker.calls.slice(1)).toMatchObject([...reports, { request: { progress: [] } }]);
  });

  test("what came while a tracker was away is in the first report", async () => {
    const content = newContent(1);
    let registrations = 0;
    await using tracker = await startFakeTracker({
      register: () => leaseOf((registrations += 1) === 1 ? 1 : 60_000),
      renew() {
        content.sentBytes += 10;
        throw new RemoteError("REGISTER_AGAIN", "the lease is not known");
      },
    });
    content.sentBytes = 5;
    openSession(tracker, [content]);
    await until(() => registrations === 2);
    const bytes = tracker.calls.map((call) => call.name === "register" && call.request.contents[0]?.progress?.sentBytes);
    expect(bytes).toEqual([5n, false, 10n]);
  });

  test("when the answer with the token was lost, it takes the place of that lease under another id", async () => {
    let lost: Uint8Array | undefined;
    await using tracker = await startFakeTracker({
      register({ peerId: id }) {
        if (lost !== undefined && Buffer.compare(lost, id) === 0) throw new RemoteError("LEASE_TOKEN_WRONG", "there is a live lease with another token");
        if (lost !== undefined) return leaseOf(60_000);
        lost = id;
        throw new RemoteError("TRACKER_UNREACHABLE", "the connection broke");
      },
    });
    const { session } = openSession(tracker, [newContent(1)]);
    await expect(session.whenTold(testId(1))).rejects.toMatchObject({ code: "TRACKER_UNREACHABLE" });
    await expect(session.whenTold(testId(1))).rejects.toMatchObject({ code: "LEASE_TOKEN_WRONG" });
    await session.whenTold(testId(1));
    await session.close();
    const ids = tracker.calls.map((call) => (call.name === "register" ? Buffer.from(call.request.peerId).toString("hex") : call.name));
    expect(ids).toEqual([Buffer.from(peerId).toString("hex"), Buffer.from(peerId).toString("hex"), expect.stringMatching(/^[0-9a-f]{32}$/), "unregister"]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test("a peer that nobody can reach is told so once, and again when it was reached in between", async () => {
    const warnings: string[] = [];
    const { UNSPECIFIED, REACHABLE, UNREACHABLE } = Reachability;
    const answers = [UNSPECIFIED, UNREACHABLE, UNREACHABLE, UNSPECIFIED, UNREACHABLE, REACHABLE, UNREACHABLE];
    const listed: (string | undefined)[] = [];
    const answer = () => {
      listed.push(session.listedAddress);
      const reachability = answers.shift() ?? UNSPECIFIED;
      return { ...leaseOf(answers.length > 0 ? 1 : 60_000), reachability, listedAddress: reachability === REACHABLE ? "192.0.2.1:4001" : "" };
    };
    await using tracker = await startFakeTracker({ register: () => answer(), renew: () => answer() });
    const { session } = openSession(tracker, [newContent(1)], { ...silentLogger, warn: (_, message) => warnings.push(message) });
    await until(() => warnings.length === 2);
    expect(answers).toEqual([]);
    expect(warnings[0]).toMatch(/^you can download, others cannot reach you: the tracker found nobody at port 4001 of the address from which it called; .*--advertise/);
    expect(listed).toEqual([undefined, undefined, undefined, undefined, undefined, undefined, "192.0.2.1:4001"]);
    expect(session.listedAddress).toBeUndefined();
  });

  test("a tracker that says nothing of being reached tells once where the peer is listed", async () => {
    await using tracker = await startFakeTracker({ register: () => leaseOf(1), renew: () => ({ renewAfter: leaseOf(60_000).renewAfter }) });
    const { session } = openSession(tracker, [newContent(1)]);
    await until(() => tracker.calls.length === 2);
    expect(session.listedAddress).toBe("192.0.2.1:4001");
  });

  test("a tracker that is away is worth one warning, each time", async () => {
    const warnings: string[] = [];
    const failing = [true, true, false, true, false];
    await using tracker = await startFakeTracker({ register: () => answer(), renew: () => answer() });
    const answer = () => {
      if (failing.shift() === true) throw new RemoteError("TRACKER_FULL", "no room");
      return leaseOf(1);
    };
    openSession(tracker, [newContent(1)], { ...silentLogger, warn: (_, message) => warnings.push(message) });
    await until(() => failing.length === 0);
    expect(warnings).toHaveLength(2);
  });

  test("of a call that somebody waits for they alone hear; the next one is worth a warning", async () => {
    const warnings: string[] = [];
    await using tracker = await startFakeTracker({
      register() {
        throw new RemoteError("TRACKER_FULL", "no room");
      },
    });
    const { session } = openSession(tracker, [newContent(1)], { ...silentLogger, warn: (_, message) => warnings.push(message) });
    await expect(session.whenTold(testId(1))).rejects.toMatchObject({ code: "TRACKER_FULL" });
    expect(warnings).toHaveLength(0);
    await until(() => warnings.length === 1);
  });

  test("who has a whole content learns who else has it, and passes that on", async () => {
    const lookups: unknown[] = [];
    await using tracker = await startFakeTracker({
      register: () => leaseOf(1),
      lookup({ what, peerId: id }) {
        lookups.push({ id: what.value, isFromUs: Buffer.compare(id, peerId) === 0 });
        if (what.value !== testId(2)) throw new RemoteError("CONTENT_NOT_FOUND", "nobody has that");
        return { peers: [{ address: "192.0.2.1:1" }, { address: "no address" }, { address: "192.0.2.2:2" }] };
      },
    });
    const stranger = { address: undefined, isLoopback: false };
    const known = ({ knownPeers }: LocalContent): string[] => knownPeers.sample(stranger, 50, performance.now(), createPrng(1)).toSorted();
    const [part, lonely, whole] = [newContent(1), newSeed(3), newSeed(2)];
    openSession(tracker, [part, lonely, whole]);
    await until(() => known(whole).length > 0);
    expect(lookups).toEqual([testId(3), testId(2)].map((id) => ({ id, isFromUs: true })));
    expect([part, lonely, whole].map(known)).toEqual([[], [], ["192.0.2.1:1", "192.0.2.2:2"]]);
  });

  test("with many contents looks up a few at a time, all in turn", async () => {
    const turns: string[][] = [];
    let renewals = 0;
    await using tracker = await startFakeTracker({
      register: () => leaseOf(1),
      renew() {
        renewals += 1;
        turns.push([]);
        return leaseOf(1);
      },
      lookup({ what }) {
        turns.at(-1)?.push(String(what.value));
        return {};
      },
    });
    const count = 2 * LOOKUPS_PER_RENEWAL_MAX + 5;
    const { session } = openSession(tracker, Array.from({ length: count }, (_, index) => newSeed(index)));
    await until(() => renewals === 4);
    await session.close();
    const [first, second, last] = turns;
    expect([first!.length, second!.length, last!.length]).toEqual([LOOKUPS_PER_RENEWAL_MAX, LOOKUPS_PER_RENEWAL_MAX, 5]);
    expect(new Set(turns.slice(0, 3).flat()).size).toBe(count);
  });

  test("who waits hears why a tracker refuses", async () => {
    await using tracker = await startFakeTracker({
      register() {
        throw new RemoteError("TRACKER_FULL", "no room", { retryAfterMs: 60_000 });
      },
    });
    const { session } = openSession(tracker, [newContent(1)]);
    await expect(session.whenTold(testId(1))).rejects.toMatchObject({ code: "TRACKER_FULL", remote: tracker.address });
  });

  test("who waits hears that nobody is there", async () => {
    const { session } = openSession({ address: "127.0.0.1:9" }, [newContent(1)]);
    await expect(session.whenTold(testId(1))).rejects.toMatchObject({ code: "TRACKER_UNREACHABLE", message: expect.stringContaining("127.0.0.1:9") });
  });

  test("close ends a call under way and lets go who waits", async () => {
    await using tracker = await startFakeTracker({ register: (_, { signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve({}))) });
    const { session } = openSession(tracker, [newContent(1)]);
    const told = session.whenTold(testId(1)).catch((error: unknown) => error);
    await until(() => tracker.calls.length === 1);
    await session.close();
    expect(await told).toMatchObject({ code: "CANCELLED" });
    expect(tracker.calls).toHaveLength(1);
  });
});
