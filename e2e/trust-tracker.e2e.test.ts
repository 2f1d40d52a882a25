import { mkdir, readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { summaryOf, trackerAnswersOf } from "./hostile/tracker-lies.js";
import { LyingTracker } from "./lying-tracker.js";
import { runPeer } from "./processes.js";
import { type HonestSwarm, KIB, startHonestSwarm, startSeeder } from "./swarm-of-liars.js";
import { hashFile } from "./test-files.js";

/** As libs/peer-node/src/lease-keeper.ts has it. */
const RENEW_MS_MIN = 100;

let swarm: HonestSwarm;
beforeAll(async () => {
  swarm = await startHonestSwarm({ bytes: 300 * KIB, pieceLength: 64 * KIB });
});
afterAll(() => swarm[Symbol.asyncDispose]());

const idOf = (digit: string): string => `sha256:${digit.repeat(64)}`;

/** A tracker that tells one of the lies that can be run by hand, about the content of the swarm. */
const startLie = (name: string, addresses: readonly string[] = []): Promise<LyingTracker> =>
  LyingTracker.start(trackerAnswersOf(name, { contentId: swarm.content.contentId, addresses }));

describe("a tracker that lies", () => {
  test("about pages that follow is not asked for ever", async () => {
    await using tracker = await startLie("pages-endless");
    const peer = await runPeer(["list", "--tracker", tracker.address]);
    expect(peer.exitCode, peer.transcript()).toBe(0);
    expect(peer.stdout).toHaveLength(2);
  });

  test("about the content that an id begins makes nobody fetch another", async () => {
    await using tracker = await LyingTracker.start({ ListContents: () => ({ contents: [summaryOf(idOf("b"), "film")] }) });
    const peer = await runPeer(["download", idOf("a").slice(0, 20), "--tracker", tracker.address]);
    expect(peer.exitCode, peer.transcript()).toBe(6);
    expect(peer.stderr).toEqual([expect.stringContaining("the trackers know no content whose id begins with")]);
  });

  test("with names and ids that there cannot be: what can be is listed", async () => {
    await using tracker = await startLie("names-hostile");
    const peer = await runPeer(["list", "--tracker", tracker.address, "--json"]);
    expect(peer.exitCode, peer.transcript()).toBe(0);
    expect(peer.events).toMatchObject([{ event: "content", contentId: idOf("a"), names: ["\u202egnp.exe", "film"] }]);
    // A name may turn the direction of writing; a terminal never sees it do so.
    const shown = await runPeer(["list", "--tracker", tracker.address]);
    expect(shown.stdout.join("")).toMatch(/^\P{C}+$/u);
  });

  test("about peers and the name: they are tried, and the honest one serves", async () => {
    const { contentId } = swarm.content;
    const contents = [summaryOf(contentId, "../../../tmp/escape")];
    const { Lookup } = trackerAnswersOf("garbage-peers", { contentId, addresses: ["127.0.0.1:1", swarm.tracker.address, swarm.seederAddress] });
    await using tracker = await LyingTracker.start({ Lookup: (request) => ({ ...Lookup!(request), contents }), ListContents: () => ({ contents }) });
    const cwd = swarm.folder.join("cwd");
    await mkdir(cwd);
    const peer = await runPeer(["download", contentId, "--tracker", tracker.address], { cwd });
    expect(peer.exitCode, peer.transcript()).toBe(0);
    expect(await readdir(cwd)).toEqual([contentId.slice("sha256:".length)]);
    expect(await hashFile(`${cwd}/${contentId.slice("sha256:".length)}`)).toBe(await hashFile(swarm.path));
  });

  test("about the time of the next renewal and about our address: sharing goes on", async () => {
    await using liar = await startLie("lease-for-ever");
    await using seeder = await startSeeder(swarm.path, liar.address, []);
    expect(String((await seeder.process.waitForEvent("shared"))["link"])).toContain(`&peer=${seeder.address}`);
    expect(liar.calls.of("Renew")).toEqual([]);
    expect(seeder.process.stderr).toEqual([]);
  });

  test("with an answer above the largest is named", async () => {
    await using tracker = await startLie("page-too-large");
    const peer = await runPeer(["list", "--tracker", tracker.address]);
    expect(peer.exitCode, peer.transcript()).toBe(3);
    expect(peer.stderr).toEqual([expect.stringMatching(/^peer: tracker 127\.0\.0\.1:\d+ broke the protocol: a message that is too large/)]);
  });

  test("about where we are: links do not send others there", async () => {
    await using liar = await startLie("listed-elsewhere");
    await using seeder = await startSeeder(swarm.path, liar.address, []);
    const { link } = await seeder.process.waitForEvent("shared");
    expect(link).toContain(`&peer=${seeder.address}`);
    expect(link).not.toContain("169.254");
  });

  test.each(["lease-of-nothing", "lease-in-the-past"])("with a %s is not called without pause", async (name) => {
    await using liar = await startLie(name);
    await using _ = await startSeeder(swarm.path, liar.address, []);
    await liar.calls.waitFor("Renew");
    const startedMs = performance.now();
    await liar.calls.waitFor("Renew", 6);
    expect(performance.now() - startedMs).toBeGreaterThan(5 * RENEW_MS_MIN - 50);
  });

  test.each(["many-peers", "forbidden-peers"])("of %s keeps nobody from what an honest one tells", async (name) => {
    await using liar = await startLie(name);
    const output = swarm.folder.join(name);
    const args = ["download", swarm.content.contentId, "--tracker", liar.address, "--tracker", swarm.tracker.address, "--output", output];
    const peer = await runPeer(args);
    expect(peer.exitCode, peer.transcript()).toBe(0);
    expect(await hashFile(output)).toBe(await hashFile(swarm.path));
  });

  test("about the content of a name that another tracker knows: the user is asked which one it is", async () => {
    await using liar = await startLie("other-content-of-name");
    const peer = await runPeer(["download", "film.bin", "--tracker", liar.address, "--tracker", swarm.tracker.address], { cwd: swarm.folder.path });
    expect(peer.exitCode, peer.transcript()).toBe(7);
    for (const id of [idOf("a"), swarm.content.contentId]) expect(peer.stderr.join("\n")).toContain(id.slice(0, 15));
  });
});
