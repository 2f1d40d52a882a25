import { appendFile, open, readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runPeer, startPeer, startTracker, type JsonEvent, type RunningProcess, type RunningTracker } from "./processes.js";
import { openTempFolder, type TempFolder } from "./temp-folder.js";
import { writeTestFile } from "./test-files.js";

let folder: TempFolder;
let tracker: RunningTracker;
let seeder: RunningProcess;
let shared: JsonEvent;

/** Three files in 11 pieces of 1,000 bytes, shared as "tree". */
async function writeTree(root: string): Promise<void> {
  await writeTestFile(`${root}/a.bin`, 4_500, "a");
  await writeTestFile(`${root}/b/c.bin`, 5_000, "c");
  await writeFile(`${root}/d.txt`, "x".repeat(700));
}

async function inspect(...args: string[]): Promise<RunningProcess> {
  const peer = await runPeer(["inspect", ...args], { cwd: folder.path });
  expect(peer.exitCode, peer.transcript()).toBe(0);
  return peer;
}

const verify = (path: string): Promise<RunningProcess> =>
  runPeer(["verify", path, shared["contentId"] as string, "--tracker", tracker.address, "--json"]);

beforeAll(async () => {
  folder = await openTempFolder();
  tracker = await startTracker();
  await writeTree(folder.join("tree"));
  seeder = startPeer(["share", folder.join("tree"), "--piece-length", "1000", "--tracker", tracker.address, "--json"]);
  shared = await seeder.waitForEvent("shared");
  await seeder.waitForEvent("serving");
});
afterAll(async () => {
  await seeder.stop();
  await tracker.process.stop();
  await folder[Symbol.asyncDispose]();
});

describe("inspect", () => {
  test("a name, an id and a link show the same, and nothing is fetched", async () => {
    const { contentId, link } = shared as unknown as Record<string, string>;
    const byName = await inspect("tree", "--tracker", tracker.address);
    expect(byName.stdout).toEqual([
      "name: tree",
      `content id: ${contentId}`,
      `link: 'piecewise:${contentId}?name=tree&tracker=${tracker.address}'`,
      "size: 9.96 KiB (10200 B)",
      "pieces: 11 x 1000 B",
      "files: 3",
      "",
      "SIZE      PIECES  PATH",
      "4.39 KiB  0-4     a.bin",
      "4.88 KiB  4-9     b/c.bin",
      "700 B     9-10    d.txt",
    ]);
    for (const what of [contentId!, link!, contentId!.slice(0, 20)]) {
      const { stdout } = await inspect(what, "--tracker", tracker.address);
      expect(stdout.slice(3)).toEqual(byName.stdout.slice(3));
      expect(stdout[1]).toBe(`content id: ${contentId}`);
    }
  });

  test("a path with a slash is hashed, and by a name that a content has the content is meant", async () => {
    const byPath = await inspect("./tree", "--json", "--tracker", tracker.address);
    const byName = await inspect("tree", "--json", "--tracker", tracker.address);
    expect(byName.events.at(-1)).toMatchObject({ event: "inspected", contentId: shared["contentId"], pieceLength: 1_000 });
    expect(byPath.events.at(-1)).toMatchObject({ event: "inspected", bytes: 10_200, pieceLength: 262_144, pieces: 1 });
    const sameCut = await inspect("./tree", "--json", "--piece-length", "1000", "--tracker", tracker.address);
    expect(sameCut.events.at(-1)!["contentId"]).toBe(shared["contentId"]);
  });
});

describe("verify", () => {
  test("a copy that was downloaded is the same", async () => {
    const output = folder.join("copy");
    expect((await runPeer(["download", "tree", "--tracker", tracker.address, "--output", output])).exitCode).toBe(0);
    const peer = await verify(output);
    expect(peer.exitCode, peer.transcript()).toBe(0);
    expect(peer.events.at(-1)).toEqual({ event: "verified", contentId: shared["contentId"], path: output, bytes: 10_200 });
    expect(peer.stderr).toEqual([]);
  });

  test("of one that is not, the files and pieces that differ are named", async () => {
    const root = folder.join("damaged");
    await writeTree(root);
    await using file = await open(`${root}/b/c.bin`, "r+");
    await file.write(Buffer.of((await readFile(`${root}/b/c.bin`))[3_000]! ^ 1), 0, 1, 3_000);
    await appendFile(`${root}/d.txt`, "more");
    await rm(`${root}/a.bin`);
    await writeFile(`${root}/e.txt`, "");
    const peer = await verify(root);
    expect(peer.exitCode, peer.transcript()).toBe(4);
    expect(peer.events.filter(({ event }) => event === "difference")).toEqual([
      { event: "difference", difference: "missing", path: "a.bin" },
      { event: "difference", difference: "size", path: "d.txt", bytes: 704, expectedBytes: 700 },
      { event: "difference", difference: "extra", path: "e.txt" },
      { event: "difference", difference: "pieces", first: 0, last: 4, paths: ["a.bin", "b/c.bin"] },
      { event: "difference", difference: "pieces", first: 7, last: 7, paths: ["b/c.bin"] },
    ]);
    expect(peer.events.at(-1)).toMatchObject({ event: "error", code: "CONTENT_CHANGED" });
    expect(peer.stderr).toHaveLength(1);
  });
});

test("completion prints a script", async () => {
  const peer = await runPeer(["completion", "bash"]);
  expect(peer.exitCode).toBe(0);
  expect(peer.stdout.at(-1)).toBe("complete -F _piecewise_peer peer");
});
