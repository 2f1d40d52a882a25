import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Namespace } from "./chaos/namespace.js";
import type { FloodReport } from "./hostile/flood.js";
import { bundleHostile, HostileCaller, startHostile } from "./hostile/hostile-caller.js";
import { peakMemoryMib } from "./peak-memory.js";
import { type RunningProcess, type RunningTracker, runPeer, startPeer, startTracker } from "./processes.js";
import { KIB, MIB } from "./swarm-of-liars.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { hashFile, writeTestFile } from "./test-files.js";

/** One machine with two addresses that are not loopback: who calls one of them is seen to come from there. */
const [LIAR, HONEST] = ["10.98.0.1", "10.98.0.2"];
const BYTES = 2 * MIB;
/** One piece is more than the transport takes of a stream that nobody reads; of tiny ones the manifest is. */
const [PIECE_LENGTH, TINY_PIECE_LENGTH] = [256 * KIB, 64];
const MEMORY_MIB_MAX = 400;

/** As docs/LIMITS.md says. */
const CONNECTIONS_PER_HOST_MAX = 64;
const CALLS_PER_HOST_MAX = 1024;
const UPLOAD_CALLER_WATCHERS_MAX = 128;
const UPLOAD_NETWORK_WATCHERS_MAX = 256;
const UPLOAD_NETWORK_QUEUE_MAX = 64;
const UPLOAD_SLOTS_MAX = 16;
const UPLOAD_CALLER_SLOTS_MAX = 8;
const MANIFEST_STREAMS_PER_HOST_MAX = 16;
const EXCHANGES_PER_SECOND_MAX = 200;
const RECHECKS_PER_SECOND_MAX = 4;

interface Victim {
  readonly process: RunningProcess;
  readonly port: string;
  readonly contentId: string;
}

const refusals = ({ refused }: FloodReport): number => Object.values(refused).reduce((sum, count) => sum + count, 0);

/** Something was heard of every call. */
const allHeard = (count: number) => (report: FloodReport) => report.open + refusals(report) >= count;

describe.skipIf(!Namespace.isPossible())("a peer that is attacked from one address", { timeout: 60_000 }, () => {
  let folder: TempFolder;
  let namespace: Namespace;
  let tracker: RunningTracker;
  let program: string;
  let victim: Victim;
  let withLongManifest: Victim;
  const sharers: RunningProcess[] = [];

  async function share(name: string, pieceLength: number): Promise<Victim> {
    await writeTestFile(folder.join(name), BYTES);
    const flags = ["--piece-length", String(pieceLength), "--listen", "0.0.0.0:0", "--tracker", tracker.address, "--json"];
    const process = startPeer(["share", folder.join(name), ...flags], { enter: namespace.enterNetwork });
    sharers.push(process);
    const { contentId } = await process.waitForEvent("shared");
    const serving = await process.waitForEvent("serving");
    return { process, contentId: contentId as string, port: /\d+$/.exec(serving["address"] as string)![0] };
  }

  beforeAll(async () => {
    [folder, namespace, program] = await Promise.all([openTempFolder(), Namespace.open(), bundleHostile()]);
    for (const address of [LIAR, HONEST]) await namespace.run("ip", "address", "add", `${address}/32`, "dev", "lo");
    tracker = await startTracker([], { enter: namespace.enterNetwork });
    victim = await share("film.bin", PIECE_LENGTH);
    withLongManifest = await share("tiny.bin", TINY_PIECE_LENGTH);
  });
  afterAll(async () => {
    for (const process of sharers) await process.stop();
    await tracker[Symbol.asyncDispose]();
    await namespace[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
    await rm(program, { force: true });
  });

  /** Calls from one address, and no other. */
  const attack = (name: string, count: number, { port, contentId }: Victim, host = LIAR, more: readonly string[] = []): HostileCaller =>
    new HostileCaller(
      program,
      ["--attack", name, "--count", String(count), "--target", `${host}:${port}`, "--content", contentId, ...more],
      namespace.enterNetwork,
    );

  let downloads = 0;
  /** Somebody else gets what they ask for meanwhile, and the memory of the victim is bounded. */
  async function expectDownload(): Promise<void> {
    const { port, contentId, process } = victim;
    const output = folder.join(`copy-${(downloads += 1)}`);
    const args = ["download", contentId, "--peer", `${HONEST}:${port}`, "--listen", `${HONEST}:0`, "--output", output, "--json"];
    const peer = await runPeer(args, { enter: namespace.enterNetwork });
    expect(peer.exitCode, peer.transcript()).toBe(0);
    expect(await hashFile(output)).toBe(await hashFile(folder.join("film.bin")));
    expect(peakMemoryMib(process.pid)).toBeLessThan(MEMORY_MIB_MAX);
  }

  test("by connections closes what is too much, and others come in", async () => {
    await using caller = attack("connections", 500, victim);
    await caller.waitForReport(({ open, refused }) => open === CONNECTIONS_PER_HOST_MAX && refused["closed"] === 500 - CONNECTIONS_PER_HOST_MAX);
    await expectDownload();
  });

  test("by requests that never come to their end refuses what is too much", async () => {
    await using caller = attack("half-requests", 2_000, victim);
    const report = await caller.waitForReport((now) => now.open === CALLS_PER_HOST_MAX);
    expect(report.refused).toEqual({ "code 8": 2_000 - CALLS_PER_HOST_MAX });
    await expectDownload();
  });

  test.each([
    ["watchers-of-one", UPLOAD_CALLER_WATCHERS_MAX],
    ["watchers-with-fresh-ids", UPLOAD_NETWORK_WATCHERS_MAX],
  ])("by %s keeps places for others", async (name, watchersMax) => {
    await using caller = attack(name, 600, victim);
    const report = await caller.waitForReport(allHeard(600));
    expect(report).toMatchObject({ open: watchersMax, refused: { BUSY: 600 - watchersMax }, unexplained: 0 });
    await using honest = attack("watchers-with-claimed-id", 1, victim, HONEST);
    await honest.waitForReport(({ open }) => open === 1);
  });

  test("by requests with fresh ids, none of which is read, serves others meanwhile", async () => {
    await using caller = attack("requests-with-fresh-ids", 500, victim, LIAR, ["--pieces", "8"]);
    const report = await caller.waitForReport(({ refused }) => (refused["BUSY"] ?? 0) >= 500 - UPLOAD_NETWORK_QUEUE_MAX - UPLOAD_SLOTS_MAX);
    expect(report.unexplained).toBe(0);
    await expectDownload();
  });

  test("by one caller with very many requests refuses them by name", async () => {
    await using caller = attack("requests-of-one", 100, victim, LIAR, ["--pieces", "8"]);
    const report = await caller.waitForReport(({ refused }) => refused["BUSY"] === 100 - UPLOAD_CALLER_SLOTS_MAX - 1);
    expect(report.open + report.waiting).toBe(UPLOAD_CALLER_SLOTS_MAX + 1);
    expect(report.unexplained).toBe(0);
  });

  test("by manifests that nobody reads keeps places for others", async () => {
    await using caller = attack("manifests-unread", 100, withLongManifest);
    const report = await caller.waitForReport(allHeard(100));
    expect(report).toMatchObject({ open: MANIFEST_STREAMS_PER_HOST_MAX, refused: { BUSY: 100 - MANIFEST_STREAMS_PER_HOST_MAX }, unexplained: 0 });
    const { port, contentId } = withLongManifest;
    const inspected = await runPeer(["inspect", contentId, "--peer", `${HONEST}:${port}`], { enter: namespace.enterNetwork });
    expect(inspected.exitCode, inspected.transcript()).toBe(0);
  });

  test("by small calls answers so many a second and says when to come back, and does not read what is too large", async () => {
    await using exchanges = attack("exchanges", 2_000, victim);
    await using reports = attack("reports", 200, victim);
    await using big = attack("big-requests", 20, victim);
    for (const [caller, count, perSecond] of [[exchanges, 2_000, EXCHANGES_PER_SECOND_MAX], [reports, 200, RECHECKS_PER_SECOND_MAX]] as const) {
      const report = await caller.waitForReport(allHeard(count));
      expect(report.open).toBeGreaterThanOrEqual(perSecond);
      expect(report.refused["BUSY"]).toBeGreaterThan(count / 2);
      expect(report).toMatchObject({ waiting: 0, unexplained: 0 });
    }
    expect(await big.waitForReport(allHeard(20))).toMatchObject({ open: 0, refused: { "code 8": 20 } });
  });

  test("by the id of an honest peer takes nothing from that peer", async () => {
    const claimed = ["--peer-id", "07".repeat(16)];
    await using honest = attack("watchers-with-claimed-id", 1, victim, HONEST, claimed);
    await honest.waitForReport(({ open }) => open === 1);
    await using liar = attack("watchers-with-claimed-id", 50, victim, LIAR, claimed);
    expect(await liar.waitForReport(allHeard(50))).toMatchObject({ open: 1, refused: { CANCELLED: 49 } });
    await honest.waitForReport(({ open, refused }) => open === 1 && Object.keys(refused).length === 0);
  });

  test("cannot be sent to what listens on its own machine only, nor kept by its own address", async () => {
    const film = folder.join("film.bin");
    const enter = namespace.enterNetwork;
    await using trap = startHostile(program, ["peer", "--lie", "wrong-bytes", "--piece-length", String(PIECE_LENGTH), film], enter);
    const { address } = await trap.waitForEvent("listening");
    const trapPort = /\d+$/.exec(address as string)![0];
    const own = `${HONEST}:4001`;
    const told = [`127.0.0.1:${trapPort}`, `localhost:${trapPort}`, `0.0.0.0:${trapPort}`, `[::ffff:127.0.0.1]:${trapPort}`, own, `${HONEST}:${victim.port}`];
    await using liar = startHostile(
      program,
      ["tracker", "--lie", "told-peers", "--content", victim.contentId, "--listen", `${LIAR}:0`, ...told.flatMap((one) => ["--address", one])],
      enter,
    );
    const listening = await liar.waitForEvent("listening");
    const output = folder.join("not from the trap");
    const args = ["download", victim.contentId, "--tracker", listening["address"] as string, "--listen", own, "--output", output];
    const peer = await runPeer(args, { enter });
    expect(peer.exitCode, peer.transcript()).toBe(0);
    expect(await hashFile(output)).toBe(await hashFile(film));
    expect(trap.events.filter(({ event }) => event === "call")).toEqual([]);
  });
});
