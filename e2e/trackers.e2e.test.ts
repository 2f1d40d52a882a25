import type { ClientReadableStream } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Message, PlainClient } from "./plain-grpc.js";
import { type JsonEvent, type RunningProcess, runPeer, startPeer, startTracker } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { hashFile, writeTestFile } from "./test-files.js";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Nothing listens there. */
const DEAD = "127.0.0.1:9";
/** That a peer takes. */
const TRACKERS_MAX = 16;
const WAIT_TIMEOUT_MS = 20_000;

let folder: TempFolder;
let film: string;
let filmHash: string;
const FILM_BYTES = 3 * MIB;

beforeAll(async () => {
  folder = await openTempFolder();
  film = folder.join("film.bin");
  await writeTestFile(film, FILM_BYTES);
  filmHash = await hashFile(film);
});

afterAll(() => folder[Symbol.asyncDispose]());

const trackerFlags = (trackers: readonly string[]): string[] => trackers.flatMap((tracker) => ["--tracker", tracker]);

interface Sharing extends AsyncDisposable {
  readonly process: RunningProcess;
  readonly contentId: string;
  readonly link: string;
  readonly address: string;
}

async function share(path: string, trackers: readonly string[], flags: readonly string[] = []): Promise<Sharing> {
  const seeder = startPeer(["share", path, ...trackerFlags(trackers), "--json", ...flags]);
  const { contentId, link } = (await seeder.waitForEvent("shared")) as unknown as { contentId: string; link: string };
  const address = (await seeder.waitForEvent("serving"))["address"] as string;
  return { process: seeder, contentId, link, address, [Symbol.asyncDispose]: () => seeder[Symbol.asyncDispose]() };
}

const startDownload = (what: string, trackers: readonly string[], output: string, flags: readonly string[] = []): RunningProcess =>
  startPeer(["download", what, ...trackerFlags(trackers), "--output", folder.join(output), "--json", ...flags]);

/** Waits for the good end of a download of the film, in which nothing was worth a word, and says how much each peer gave. */
async function finish(peer: RunningProcess, output: string): Promise<Map<string, number>> {
  expect(await peer.waitForExit(), peer.transcript()).toEqual({ code: 0, signal: null });
  expect(await hashFile(folder.join(output))).toBe(filmHash);
  const { peers } = peer.events.at(-1) as unknown as { peers: { address: string; bytes: number }[] };
  return new Map(peers.filter(({ bytes }) => bytes > 0).map(({ address, bytes }) => [address, bytes]));
}

const isUnderWay = (event: JsonEvent): boolean => Number(event["verifiedBytes"]) > 0;

/** What one tracker says of the peers of one content, as they come and go. */
class WatchedSwarm implements Disposable {
  readonly #client: PlainClient;
  readonly #stream: ClientReadableStream<Message>;
  readonly #peers = new Set<string>();
  #look = (): void => {};

  constructor(tracker: string, contentId: string) {
    this.#client = new PlainClient(tracker);
    this.#stream = this.#client.stream("piecewise.v1.TrackerService", "WatchPeers", { contentId });
    this.#stream.on("data", ({ added, removed }: { added: { address: string }[]; removed: string[] }) => {
      for (const { address } of added) this.#peers.add(address);
      for (const address of removed) this.#peers.delete(address);
      this.#look();
    });
    this.#stream.on("error", () => {}); // It ends with the tracker.
  }

  /** Resolves as soon as it is exactly these. */
  async whenAre(addresses: readonly string[]): Promise<void> {
    const wanted = addresses.toSorted().join(" ");
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`peers are ${[...this.#peers].join(" ")}, not ${wanted}`)), WAIT_TIMEOUT_MS);
      this.#look = () => {
        if ([...this.#peers].toSorted().join(" ") !== wanted) return;
        clearTimeout(timer);
        resolve();
      };
      this.#look();
    });
  }

  [Symbol.dispose](): void {
    this.#stream.cancel();
    this.#client[Symbol.dispose]();
  }
}

async function whenPeersAre(tracker: string, contentId: string, addresses: readonly string[]): Promise<void> {
  using swarm = new WatchedSwarm(tracker, contentId);
  await swarm.whenAre(addresses);
}

async function lookup(tracker: string, name: string): Promise<{ readonly ids: string[]; readonly peers: string[] }> {
  using client = new PlainClient(tracker);
  const answer = await client.unary("piecewise.v1.TrackerService", "Lookup", { name });
  const { contents, peers } = answer as { contents: { contentId: string }[]; peers: { address: string }[] };
  return { ids: contents.map(({ contentId }) => contentId), peers: peers.map(({ address }) => address) };
}

async function stats(tracker: string): Promise<Message> {
  using client = new PlainClient(tracker);
  return await client.unary("piecewise.v1.TrackerService", "GetStats", {});
}

/** Resolves when a peer passes on the address of another, as it does to anybody who asks. */
async function whenExchanged(peer: string, contentId: string, address: string): Promise<void> {
  using client = new PlainClient(peer);
  await expect
    .poll(async () => (await client.unary("piecewise.v1.PeerService", "ExchangePeers", { contentId }))["peers"], { timeout: WAIT_TIMEOUT_MS, interval: 100 })
    .toContainEqual(expect.objectContaining({ address }));
}

describe("several trackers", () => {
  test("each knows who shares, and what they know is put together", async () => {
    await using first = await startTracker();
    await using second = await startTracker();
    await using third = await startTracker();
    const all = [first, second, third].map(({ address }) => address);
    await writeTestFile(folder.join("only first"), 100, "first");
    await writeTestFile(folder.join("only second"), 100, "second");
    await using everywhere = await share(film, all, ["--upload-limit", "2M"]);
    await using onlyFirst = await share(folder.join("only first"), [first.address]);
    await using onlySecond = await share(folder.join("only second"), [second.address]);
    await using another = await share(film, [third.address], ["--upload-limit", "2M"]);

    for (const tracker of all) {
      await whenPeersAre(tracker, everywhere.contentId, tracker === third.address ? [everywhere.address, another.address] : [everywhere.address]);
      const found = await lookup(tracker, "film.bin");
      expect(found.ids).toEqual([everywhere.contentId]);
      expect(found.peers).toContain(everywhere.address);
    }
    const list = await runPeer(["list", ...trackerFlags(all), "--json"]);
    expect(list.events.map(({ contentId }) => contentId).toSorted()).toEqual(
      [everywhere, onlyFirst, onlySecond].map(({ contentId }) => contentId).toSorted(),
    );
    const gave = await finish(startDownload("film.bin", all, "from-all"), "from-all");
    expect([...gave.keys()].toSorted()).toEqual([everywhere.address, another.address].toSorted());
  });

  test("one that is alive is enough to share, to list and to download", async () => {
    await using alive = await startTracker();
    const both = [DEAD, alive.address];
    await using sharing = await share(film, both);
    const most = [...Array.from({ length: TRACKERS_MAX - 1 }, (_, index) => `127.0.0.1:${index + 1}`), alive.address];
    const list = await runPeer(["list", ...trackerFlags(most), "--json"]);
    expect([list.exitCode, list.events.map(({ contentId }) => contentId), list.stderr]).toEqual([0, [sharing.contentId], []]);
    await finish(startDownload("film.bin", both, "by-name"), "by-name");
    await finish(startDownload(sharing.contentId, both, "by-id"), "by-id");
    await finish(startDownload(sharing.link, [], "by-link"), "by-link");
    expect((await sharing.process.stop()).code).toBe(0);
  });
});

describe("a tracker that is killed", () => {
  test("and started again, empty, is soon told everything", async () => {
    const old = await startTracker(["--lease", "3"]);
    await writeTestFile(folder.join("other"), 100, "other");
    await using sharing = await share(film, [old.address], ["--upload-limit", "1M"]);
    await using other = await share(folder.join("other"), [old.address]);
    await using fetcher = startDownload("film.bin", [old.address], "restarted");
    await fetcher.waitForEvent("progress", isUnderWay);
    old.process.signal("SIGKILL");
    await old.process.exited;
    await using tracker = await startTracker(["--lease", "3", "--listen", old.address]);
    await whenPeersAre(tracker.address, other.contentId, [other.address]);
    using swarm = new WatchedSwarm(tracker.address, sharing.contentId);
    await finish(fetcher, "restarted");
    await swarm.whenAre([sharing.address]);
    expect(await lookup(tracker.address, "film.bin")).toEqual({ ids: [sharing.contentId], peers: [sharing.address] });
  });

  test("for good does not end downloads, and a newcomer that knows one peer finds another through it", async () => {
    await using tracker = await startTracker(["--lease", "3"]);
    await using first = await share(film, [tracker.address], ["--upload-limit", "1M"]);
    await using second = await share(film, [tracker.address], ["--upload-limit", "1M"]);
    await whenExchanged(first.address, first.contentId, second.address);
    const running = startDownload("film.bin", [tracker.address], "running");
    await running.waitForEvent("progress", isUnderWay);
    tracker.process.signal("SIGKILL");
    await tracker.process.exited;

    const byLink = startDownload(first.link, [], "newcomer-link");
    const byPeer = startDownload(first.contentId, [], "newcomer-peer", ["--peer", first.address, "--listen", "127.0.0.1:0"]);
    await finish(running, "running");
    for (const [peer, output] of [[byLink, "newcomer-link"], [byPeer, "newcomer-peer"]] as const) {
      const gave = await finish(peer, output);
      expect([...gave.keys()]).toEqual(expect.arrayContaining([first.address, second.address]));
    }
    expect(byPeer.stderr).toEqual([]);
  });
});

describe("two that download at once", () => {
  test("fetch from each other what each has, before either is complete", async () => {
    await using tracker = await startTracker();
    await using sharing = await share(film, [tracker.address], ["--upload-limit", "1M"]);
    const [first, second] = [startDownload("film.bin", [tracker.address], "one"), startDownload("film.bin", [tracker.address], "two")];
    const [one, two] = await Promise.all([finish(first, "one"), finish(second, "two")]);
    for (const gave of [one, two]) {
      expect(gave.size).toBe(2);
      expect(gave.has(sharing.address)).toBe(true);
    }
    // Had each waited for the other to be complete, the seeder would have given one of them everything.
    expect(Math.max(one.get(sharing.address)!, two.get(sharing.address)!)).toBeLessThan(FILM_BYTES);
    expect([...first.stderr, ...second.stderr]).toEqual([]);
  });
});

describe("a seeder that goes", () => {
  test("by kill -9 is forgotten when its lease ends", async () => {
    await using tracker = await startTracker(["--lease", "2"]);
    await using sharing = await share(film, [tracker.address]);
    using swarm = new WatchedSwarm(tracker.address, sharing.contentId);
    await swarm.whenAre([sharing.address]);
    sharing.process.signal("SIGKILL");
    await sharing.process.exited;
    expect((await lookup(tracker.address, "film.bin")).peers).toEqual([sharing.address]);
    await swarm.whenAre([]);
    await expect(lookup(tracker.address, "film.bin")).rejects.toThrow(/CONTENT_NOT_FOUND|no peer has registered/);
    expect(await stats(tracker.address)).toMatchObject({ peerCount: 0, contentCount: 0, expirationsTotal: 1 });
  });

  test("by SIGTERM says so, ends what it has begun, and nobody takes it for a failure", async () => {
    await using tracker = await startTracker();
    await using leaving = await share(film, [tracker.address], ["--upload-limit", "1M"]);
    await using staying = await share(film, [tracker.address], ["--upload-limit", "1M"]);
    const fetcher = startDownload("film.bin", [tracker.address], "drained");
    await fetcher.waitForEvent("progress", isUnderWay);

    using client = new PlainClient(leaving.address);
    const news = client.readStream("piecewise.v1.PeerService", "WatchPieces", { contentId: leaving.contentId });
    const stream = client.stream("piecewise.v1.PeerService", "GetPiece", { contentId: leaving.contentId, pieceIndex: 0, pieceCount: 2 });
    await new Promise((resolve) => stream.once("metadata", resolve));
    leaving.process.signal("SIGTERM");
    let received = 0;
    for await (const { data } of stream as AsyncIterable<{ data: Buffer }>) received += data.length;
    expect(received).toBe(512 * KIB);
    expect((await leaving.process.exited).code).toBe(0);
    const { messages, refusal } = await news;
    expect(messages.at(-1)).toMatchObject({ goingAway: true });
    expect(refusal?.reason).toBe("GOING_AWAY");

    const gave = await finish(fetcher, "drained");
    expect(gave.get(leaving.address)).toBeGreaterThan(0);
    expect(gave.get(staying.address)).toBeGreaterThan(0);
    expect([...fetcher.stderr, ...leaving.process.stderr]).toEqual([]);
  });
});
