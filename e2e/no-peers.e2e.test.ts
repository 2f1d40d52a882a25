import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningProcess, type RunningTracker, runPeer, startPeer, startTracker } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { hashFile, writeTestFile } from "./test-files.js";

const MIB = 1_048_576;
/** Of a content that nobody has. */
const UNKNOWN = `sha256:${"0".repeat(64)}`;

let folder: TempFolder;
let tracker: RunningTracker;
let film: string;

beforeAll(async () => {
  folder = await openTempFolder();
  tracker = await startTracker();
  film = folder.join("film.bin");
  await writeTestFile(film, 2 * MIB);
});

afterAll(async () => {
  await tracker.process.stop();
  await folder[Symbol.asyncDispose]();
});

async function share(flags: readonly string[] = []): Promise<{ readonly seeder: RunningProcess; readonly contentId: string }> {
  const seeder = startPeer(["share", film, "--tracker", tracker.address, "--json", ...flags]);
  return { seeder, contentId: (await seeder.waitForEvent("shared"))["contentId"] as string };
}

const flagsFor = (what: string, output: string, seconds: string): string[] =>
  ["download", what, "--tracker", tracker.address, "--output", folder.join(output), "--timeout", seconds];

describe("without any peer", () => {
  test("a download says that it waits, and gives up after --timeout", async () => {
    const peer = await runPeer(flagsFor(UNKNOWN, "unknown", "1"));
    expect(peer.exitCode).toBe(8);
    expect(peer.stdout).toEqual([]);
    expect(peer.stderr[0]).toBe("no tracker knows a peer that has this content; waiting for one");
    expect(peer.stderr).toContain("looking for peers");
    expect(peer.stderr.at(-1)).toBe("peer: no peer could be reached for 1 s (none is known); see that a peer shares this content, then try again");
  });

  test("it says which peer it tried, and waits for it as long as for any", async () => {
    const flags = ["download", UNKNOWN, "--peer", "127.0.0.1:9", "--listen", "127.0.0.1:0", "--timeout", "1", "--output", folder.join("x"), "--json"];
    const peer = await runPeer(flags);
    expect(peer.exitCode).toBe(8);
    expect(peer.events.at(-1)).toMatchObject({ event: "error", code: "NO_PEERS", message: expect.stringContaining("127.0.0.1:9") });
    expect(peer.stderr).toHaveLength(1);
  });

  test("--timeout 0 waits for ever, and a peer that comes is found", async () => {
    // What nobody has is waited for by its id; the seeder tells the id, and leaves.
    const { seeder, contentId } = await share();
    expect((await seeder.stop()).code).toBe(0);
    await using patient = startPeer([...flagsFor(contentId, "patient", "0"), "--json"]);
    await patient.waitForEvent("progress", ({ phase }) => phase === "finding-peers");
    expect((await runPeer(flagsFor(contentId, "impatient", "1.5"))).exitCode).toBe(8);
    expect(patient.exitCode).toBeUndefined();

    const again = await share();
    expect((await patient.waitForExit()).code, patient.transcript()).toBe(0);
    expect(await hashFile(folder.join("patient"))).toBe(await hashFile(film));
    await again.seeder.stop();
  });

  test("a download that has lost its last peer waits too, and keeps what it has", async () => {
    const { seeder, contentId } = await share(["--upload-limit", "1M"]);
    const output = "lost";
    await using peer = startPeer([...flagsFor(contentId, output, "2"), "--json"]);
    await peer.waitForEvent("progress", ({ verifiedBytes }) => Number(verifiedBytes) > 0);
    seeder.signal("SIGKILL");
    expect((await peer.waitForExit()).code, peer.transcript()).toBe(8);
    expect(peer.events.findLast(({ event }) => event === "progress")).toMatchObject({ phase: "downloading", connectedPeers: 0 });

    const again = await share();
    const resumed = await runPeer([...flagsFor(contentId, output, "60"), "--json"]);
    expect(resumed.exitCode, resumed.transcript()).toBe(0);
    expect(Number(resumed.events.at(-1)!["resumedBytes"])).toBeGreaterThan(0);
    expect(await hashFile(folder.join(output))).toBe(await hashFile(film));
    await again.seeder.stop();
  });
});
