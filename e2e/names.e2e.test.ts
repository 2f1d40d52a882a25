import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type JsonEvent, type RunningProcess, type RunningTracker, runPeer, startPeer, startTracker } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { hashFile, hashTree, writeTestFile } from "./test-files.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const AT_ONCE_MAX = 4;
const BINARIES = fileURLToPath(new URL("../node_modules/.bin", import.meta.url));

let folder: TempFolder;
let tracker: RunningTracker;

beforeAll(async () => {
  folder = await openTempFolder();
});

afterAll(() => folder[Symbol.asyncDispose]());

interface Sharing extends AsyncDisposable {
  readonly contentId: string;
  readonly address: string;
}

async function share(path: string, flags: readonly string[] = []): Promise<Sharing> {
  const seeder = startPeer(["share", path, "--tracker", tracker.address, "--json", ...flags]);
  const contentId = (await seeder.waitForEvent("shared"))["contentId"] as string;
  const address = (await seeder.waitForEvent("serving"))["address"] as string;
  return { contentId, address, [Symbol.asyncDispose]: () => seeder[Symbol.asyncDispose]() };
}

const download = (args: readonly string[], cwd = folder.path): Promise<RunningProcess> =>
  runPeer(["download", "--tracker", tracker.address, "--json", ...args], { cwd });

function finishedOf(peer: RunningProcess): JsonEvent {
  expect(peer.exitCode, peer.transcript()).toBe(0);
  return peer.events.at(-1)!;
}

/** Does the same for each, a few at a time. */
async function forEach<Item>(items: readonly Item[], work: (item: Item, index: number) => Promise<void>): Promise<void> {
  const left = [...items.entries()];
  const workers = Array.from({ length: AT_ONCE_MAX }, async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next[1], next[0]);
  });
  await Promise.all(workers);
}

describe("one name and one content", () => {
  beforeAll(async () => {
    tracker = await startTracker();
  });

  afterAll(async () => {
    await tracker.process.stop();
  });

  test("two that share one content under two names are one swarm", async () => {
    await writeTestFile(folder.join("film.bin"), 2 * MIB);
    await using first = await share(folder.join("film.bin"), ["--name", "A Film", "--upload-limit", "1M"]);
    await using second = await share(folder.join("film.bin"), ["--name", "the same film", "--upload-limit", "1M"]);
    expect(second.contentId).toBe(first.contentId);
    const list = await runPeer(["list", "--tracker", tracker.address, "--json"]);
    expect(list.events).toEqual([expect.objectContaining({ contentId: first.contentId, seeds: 2, leechers: 0 })]);
    expect((list.events[0]!["names"] as string[]).toSorted()).toEqual(["A Film", "the same film"]);

    await forEach(["A Film", "the same film"], async (name) => {
      const finished = finishedOf(await download([name]));
      expect(finished["path"]).toBe(folder.join(name));
      // The other download may be a third.
      const gave = (finished["peers"] as { address: string; bytes: number }[]).filter(({ bytes }) => bytes > 0);
      expect(gave.map(({ address }) => address)).toEqual(expect.arrayContaining([first.address, second.address]));
      expect(await hashFile(folder.join(name))).toBe(await hashFile(folder.join("film.bin")));
    });
  });

  test("one name of several contents lists them, and the piece length or the id tells them apart", async () => {
    await writeTestFile(folder.join("a", "song"), 300 * KIB, "a");
    await writeTestFile(folder.join("b", "song"), 200 * KIB, "b");
    await using one = await share(folder.join("a", "song"), ["--piece-length", "64K"]);
    await using two = await share(folder.join("b", "song"), ["--piece-length", "64K"]);
    await using three = await share(folder.join("b", "song"), ["--piece-length", "32K"]);

    const ambiguous = await download(["song"]);
    expect(ambiguous.exitCode, ambiguous.transcript()).toBe(7);
    const contents = [
      { contentId: one.contentId, names: ["song"], bytes: 300 * KIB, pieceLength: 64 * KIB, seeds: 1, leechers: 0 },
      { contentId: two.contentId, names: ["song"], bytes: 200 * KIB, pieceLength: 64 * KIB, seeds: 1, leechers: 0 },
      { contentId: three.contentId, names: ["song"], bytes: 200 * KIB, pieceLength: 32 * KIB, seeds: 1, leechers: 0 },
    ].toSorted((a, b) => (a.contentId < b.contentId ? -1 : 1));
    expect(ambiguous.events.slice(0, -1)).toMatchObject(contents);
    expect(ambiguous.events.at(-1)).toMatchObject({ event: "error", code: "NAME_AMBIGUOUS" });
    const shown = await runPeer(["download", "song", "--tracker", tracker.address]);
    expect([shown.exitCode, shown.stdout, shown.stderr.length]).toEqual([7, [], 1 + contents.length + 1]);
    for (const [index, { contentId, bytes, pieceLength }] of contents.entries()) {
      const [id, ...figures] = shown.stderr[index + 1]!.split(/ {2,}/);
      expect(figures).toEqual([`${bytes / KIB} KiB`, `${pieceLength / KIB} KiB`, "1", "1", "song"]);
      expect(contentId.startsWith(id!)).toBe(true);
      expect(finishedOf(await download([id!, "--output", `song ${index}`]))["contentId"]).toBe(contentId);
    }

    expect((await download(["song", "--piece-length", "64K"])).exitCode).toBe(7);
    const chosen = finishedOf(await download(["song", "--piece-length", "32K", "--output", "chosen"]));
    expect(chosen["contentId"]).toBe(three.contentId);
    expect(await hashFile(folder.join("chosen"))).toBe(await hashFile(folder.join("b", "song")));

    const other = await download(["song", "--piece-length", "128K"]);
    expect(other.exitCode).toBe(6);
    expect(other.stderr).toEqual([expect.stringMatching(/^peer: "song" is not offered with pieces of 128 KiB but of .*32 KiB.*/)]);
  });

  test("a name that nobody knows is answered with those that begin alike, at most five", async () => {
    const names = Array.from({ length: 7 }, (_, index) => `holiday 202${index}`);
    for (const name of [...names, "work"]) await writeFile(folder.join(name), name);
    await using seeder = startPeer(["share", ...[...names, "work"].map((name) => folder.join(name)), "--tracker", tracker.address, "--json"]);
    await seeder.waitForEvent("serving");

    const near = await download(["Holidays"]);
    expect([near.exitCode, near.events.at(-1)]).toMatchObject([6, { event: "error", code: "CONTENT_NOT_FOUND" }]);
    expect(near.stderr).toHaveLength(1);
    const suggested = near.stderr[0]!.match(/"holiday 202\d"/g)!;
    expect(new Set(suggested).size).toBe(5);
    expect(near.stderr[0]).not.toContain("work");

    const far = await download(["zebra"]);
    expect(far.exitCode).toBe(6);
    expect(far.stderr).toEqual(['peer: the trackers know nothing called "zebra"; "peer list" shows everything']);
  });
});

describe("names and paths of every kind", () => {
  const NAMES = [
    " a space  before, and more  inside",
    "tiếng Việt, 文件, ελληνικά",
    "🚀 family 👩‍👩‍👧",
    "e\u0301 in two characters",
    "é in one",
    ".hidden",
    "..twice",
    "-dash",
    "--output",
    "it's 'quoted' \"twice\"",
    "$(touch broken) `touch broken` $HOME; touch broken & * ?[a] ! # ~ < > |",
    "100% a+b=c&d?e#f",
    "file:with:colons",
  ];
  let originals: string;
  let seeder: RunningProcess;
  let commands: string[];

  beforeAll(async () => {
    tracker = await startTracker();
    originals = folder.join("originals");
    for (const name of NAMES) await writeTestFile(`${originals}/${name}`, 1_000, name);
    const tree = `${originals}/a 'tree' 🚀`;
    for (const name of NAMES) await writeTestFile(`${tree}/${name}/${name}`, 100, name);
    await mkdir(`${tree}/-empty-`);
    // Paths that begin with a dash come after "--", as with every command.
    seeder = startPeer(["share", "--tracker", tracker.address, "--", ...NAMES, "a 'tree' 🚀"], { cwd: originals });
    await seeder.waitForLine(/^serving on/);
    commands = seeder.stdout.flatMap((line) => /^ {2}to fetch it: (.*)$/.exec(line)?.[1] ?? []);
  });

  afterAll(async () => {
    await seeder.stop();
    await tracker.process.stop();
  });

  test("the command that is printed works as it is, in a shell", async () => {
    expect(commands).toHaveLength(NAMES.length + 1);
    const env = { PATH: `${BINARIES}:${process.env["PATH"]}`, LANG: "C.UTF-8" };
    await mkdir(folder.join("pasted"));
    await forEach(commands, async (command) => {
      await promisify(execFile)("sh", ["-c", command], { cwd: folder.join("pasted"), env });
    });
    expect(await hashTree(folder.join("pasted"))).toEqual(await hashTree(originals));
  });

  test("those that look like flags, or like each other, can be asked for by name", async () => {
    await mkdir(folder.join("named"));
    await forEach(["-dash", "--output", ".hidden", "e\u0301 in two characters", "é in one"], async (name) => {
      const finished = finishedOf(await download(["--", name], folder.join("named")));
      expect(finished["path"]).toBe(folder.join("named", name));
      expect(await hashFile(folder.join("named", name))).toBe(await hashFile(`${originals}/${name}`));
    });
  });
});
