import { watch } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { createPrng } from "@piecewise/base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCountingProxy } from "./counting-proxy.js";
import { type RunningTracker, startTracker } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { hashFile, hashTree, writeTestFile } from "./test-files.js";
import {
  expectHonestProgress,
  finishDownload,
  hiddenFolder,
  killAfter,
  numberIn,
  PIECE_BYTES,
  progressOf,
  shareForResume,
  type Sharing,
  startDownload,
  storedBytes,
} from "./unfinished-download.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const SEED = 20_260_101;
/** Streams to one peer, each in the middle of a piece, and a piece for each that is being hashed or lies in a buffer of the system. */
const IN_FLIGHT_BYTES_MAX = 2 * 6 * PIECE_BYTES;

let folder: TempFolder;
let tracker: RunningTracker;

beforeAll(async () => {
  folder = await openTempFolder();
  tracker = await startTracker();
});

afterAll(async () => {
  await tracker.process.stop();
  await folder[Symbol.asyncDispose]();
});

/** A new folder, into which the download of one test goes. */
async function newPlace(name: string): Promise<string> {
  const place = folder.join(name);
  await mkdir(place);
  return place;
}

/** Kills runs of the same command at seeded moments, then lets one finish. What was stored before each counts in the next, and nothing else. */
async function expectToSurviveKills(sharing: Sharing, place: string, totalBytes: number, kills: number): Promise<void> {
  const prng = createPrng(SEED);
  await using proxy = await startCountingProxy(sharing.address);
  let stored = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const peer = startDownload(sharing.contentId, proxy.address, `${place}/copy`);
    // The first one dies at its first word, before it knows anything.
    const passed = await killAfter(peer, proxy, kill === 0 ? 1 : 1 + prng.below((2 * totalBytes) / kills));
    expect(peer.stderr, peer.transcript()).toEqual([]);
    expectHonestProgress(peer);
    const resumed = progressOf(peer).filter(({ phase }) => phase === "downloading");
    expect(new Set([stored, ...resumed.map((event) => numberIn(event, "resumedBytes"))]), peer.transcript()).toEqual(new Set([stored]));

    const storedNow = await storedBytes(place, totalBytes);
    expect(storedNow).toBeGreaterThanOrEqual(stored);
    expect(passed - (storedNow - stored)).toBeLessThanOrEqual(IN_FLIGHT_BYTES_MAX);
    stored = storedNow;
  }
  expect(stored).toBeGreaterThan(0);
  const finished = await finishDownload(startDownload(sharing.contentId, proxy.address, `${place}/copy`));
  expect(finished["resumedBytes"]).toBe(stored);
  expect(await hiddenFolder(place)).toBeUndefined();
}

describe("a download that is killed", () => {
  test("goes on from what was stored, whenever that was", async () => {
    const place = await newPlace("kills");
    const original = folder.join("film.bin");
    await writeTestFile(original, 4 * MIB + 17);
    await using sharing = await shareForResume(original, tracker.address, ["--upload-limit", "4M"]);
    await expectToSurviveKills(sharing, place, 4 * MIB + 17, 11);
    expect(await hashFile(`${place}/copy`)).toBe(await hashFile(original));
  });

  test("goes on with a directory, too", async () => {
    const place = await newPlace("tree-kills");
    const tree = folder.join("tree");
    await writeTestFile(`${tree}/a/first.bin`, MIB + 1, "first");
    await writeTestFile(`${tree}/a/b/second.bin`, MIB - 1, "second");
    for (let index = 0; index < 64; index += 1) await writeTestFile(`${tree}/many/${index}`, 8 * KIB, `${index}`);
    await writeFile(`${tree}/run.sh`, "", { mode: 0o755 });
    await mkdir(`${tree}/nothing`);
    await using sharing = await shareForResume(tree, tracker.address, ["--upload-limit", "4M"]);
    await expectToSurviveKills(sharing, place, 2 * MIB + 512 * KIB, 4);
    expect(await hashTree(`${place}/copy`)).toEqual(await hashTree(tree));
    expect((await stat(`${place}/copy/run.sh`)).mode & 0o111).toBe(0o111);
  });
});

describe("a download that is finished", () => {
  test("is verified and done when it is run again, also if it was killed just then", async () => {
    const place = await newPlace("finished");
    const original = folder.join("short.bin");
    await writeTestFile(original, 2 * MIB + 17);
    await using sharing = await shareForResume(original, tracker.address);
    const output = `${place}/copy`;
    const first = startDownload(sharing.contentId, sharing.address, output);
    const watcher = watch(place, (_, name) => {
      if (name === "copy") first.signal("SIGKILL");
    });
    await first.exited;
    watcher.close();
    const { ino, mtimeMs } = await stat(output);

    // The second of these finds nothing that the killed one may have left.
    for (let run = 0; run < 2; run += 1) {
      const finished = await finishDownload(startDownload(sharing.contentId, sharing.address, output));
      expect(finished).toMatchObject({ receivedBytes: 0, resumedBytes: 2 * MIB + 17, peers: [] });
      expect(await readdir(place)).toEqual(["copy"]);
    }
    expect(await stat(output)).toMatchObject({ ino, mtimeMs });
    expect(await hashFile(output)).toBe(await hashFile(original));
  });
});

describe("a download that is interrupted", () => {
  test("by Ctrl-C ends with 130, keeps what is verified, and says so", async () => {
    const place = await newPlace("ctrl-c");
    const original = folder.join("ctrl-c.bin");
    await writeTestFile(original, 3 * MIB);
    await using sharing = await shareForResume(original, tracker.address, ["--upload-limit", "2M"]);
    const output = `${place}/copy`;
    const peer = startDownload(sharing.contentId, sharing.address, output);
    await peer.waitForEvent("progress", (event) => numberIn(event, "verifiedBytes") >= MIB / 2);
    peer.signal("SIGINT");
    expect(await peer.waitForExit()).toEqual({ code: 130, signal: null });
    expect(peer.stderr).toEqual([expect.stringMatching(/^peer: interrupted: .+ are verified and kept; the same command resumes$/)]);

    const stored = await storedBytes(place, 3 * MIB);
    expect(stored).toBeGreaterThanOrEqual(MIB / 2);
    expect(await readdir(place)).toHaveLength(1);
    expect(await finishDownload(startDownload(sharing.contentId, sharing.address, output))).toMatchObject({ resumedBytes: stored });
    expect(await hashFile(output)).toBe(await hashFile(original));
  });

  test("by nobody: a second process for the same output is told who is at it", async () => {
    const place = await newPlace("two");
    const original = folder.join("two.bin");
    await writeTestFile(original, 2 * MIB);
    await using sharing = await shareForResume(original, tracker.address, ["--upload-limit", "1M"]);
    const output = `${place}/copy`;
    const first = startDownload(sharing.contentId, sharing.address, output);
    await first.waitForEvent("progress", (event) => event["phase"] === "downloading");
    const second = startDownload(sharing.contentId, sharing.address, output);
    expect((await second.waitForExit()).code).toBe(2);
    expect(second.events.at(-1)).toMatchObject({ event: "error", code: "OUTPUT_LOCKED" });
    expect(second.stderr).toEqual([expect.stringContaining(`process ${first.pid} is writing "${output}"`)]);
    await finishDownload(first);
    expect(await hashFile(output)).toBe(await hashFile(original));
  });
});
