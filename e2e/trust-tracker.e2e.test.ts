import { mkdir, readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lease, LyingTracker } from "./lying-tracker.js";
import { runPeer } from "./processes.js";
import { type HonestSwarm, KIB, startHonestSwarm, startSeeder } from "./swarm-of-liars.js";
import { hashFile } from "./test-files.js";

let swarm: HonestSwarm;
beforeAll(async () => {
  swarm = await startHonestSwarm({ bytes: 300 * KIB, pieceLength: 64 * KIB });
});
afterAll(() => swarm[Symbol.asyncDispose]());

const idOf = (digit: string): string => `sha256:${digit.repeat(64)}`;
const summary = (contentId: string, ...names: string[]) => ({ contentId, names, totalBytes: 5, pieceLength: 1, entryCount: 1, seedCount: 1 });

describe("a tracker that lies", () => {
  test("about pages that follow is not asked for ever", async () => {
    await using tracker = await LyingTracker.start({ ListContents: () => ({ contents: [summary(idOf("a"), "film")], nextPageToken: "more" }) });
    const peer = await runPeer(["list", "--tracker", tracker.address]);
    expect(peer.exitCode, peer.transcript()).toBe(0);
    expect(peer.stdout).toHaveLength(2);
  });

  test("about the content that an id begins makes nobody fetch another", async () => {
    await using tracker = await LyingTracker.start({ ListContents: () => ({ contents: [summary(idOf("b"), "film")] }) });
    const peer = await runPeer(["download", idOf("a").slice(0, 20), "--tracker", tracker.address]);
    expect(peer.exitCode, peer.transcript()).toBe(6);
    expect(peer.stderr).toEqual([expect.stringContaining("the trackers know no content whose id begins with")]);
  });

  test("with names and ids that there cannot be: what can be is listed", async () => {
    const contents = [
      summary(idOf("a"), "../../escape", "red\u001b[31m", "two\nlines", "x".repeat(3000), "film"),
      summary(idOf("b"), "nul\0"),
      summary("sha256:short", "film"),
      summary(idOf("c")),
    ];
    await using tracker = await LyingTracker.start({ ListContents: () => ({ contents }) });
    const peer = await runPeer(["list", "--tracker", tracker.address, "--json"]);
    expect(peer.exitCode, peer.transcript()).toBe(0);
    expect(peer.events).toMatchObject([{ event: "content", contentId: idOf("a"), names: ["film"] }]);
  });

  test("about peers and the name: they are tried, and the honest one serves", async () => {
    const { contentId } = swarm.content;
    const addresses = ["", "garbage", "a b:1", "127.0.0.1:0", "127.0.0.1:99999", "http://127.0.0.1:1", "127.0.0.1:1", "\u001b[31m:1", "x".repeat(9999)];
    const peers = [...addresses, swarm.tracker.address, swarm.seederAddress].map((address) => ({ address }));
    const contents = [summary(contentId, "../../../tmp/escape")];
    await using tracker = await LyingTracker.start({ Lookup: () => ({ contents, peers }), ListContents: () => ({ contents }) });
    const cwd = swarm.folder.join("cwd");
    await mkdir(cwd);
    const peer = await runPeer(["download", contentId, "--tracker", tracker.address], { cwd });
    expect(peer.exitCode, peer.transcript()).toBe(0);
    expect(await readdir(cwd)).toEqual([contentId.slice("sha256:".length)]);
    expect(await hashFile(`${cwd}/${contentId.slice("sha256:".length)}`)).toBe(await hashFile(swarm.path));
  });

  test("about the time of the next renewal and about our address: sharing goes on", async () => {
    await using liar = await LyingTracker.start({
      Register: () => ({ ...lease, renewAfter: { seconds: 10 ** 12 }, listedAddress: "garbage\u001b[31m" }),
    });
    await using seeder = await startSeeder(swarm.path, liar.address, []);
    expect(String((await seeder.process.waitForEvent("shared"))["link"])).toContain(`&peer=${seeder.address}`);
    expect(liar.calls.of("Renew")).toEqual([]);
    expect(seeder.process.stderr).toEqual([]);
  });

  test("with an answer above the largest is named", async () => {
    await using tracker = await LyingTracker.start({ ListContents: () => ({ nextPageToken: "x".repeat(5 * 1024 * KIB) }) });
    const peer = await runPeer(["list", "--tracker", tracker.address]);
    expect(peer.exitCode, peer.transcript()).toBe(3);
    expect(peer.stderr).toEqual([expect.stringMatching(/^peer: tracker 127\.0\.0\.1:\d+ broke the protocol: a message that is too large/)]);
  });
});
