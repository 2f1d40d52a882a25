import { mkdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { runPeer, startPeer, startTracker, type JsonEvent, type RunningProcess } from "./processes.js";
import { openTempFolder } from "./temp-folder.js";
import { hashFile, hashTree, writeTestFile } from "./test-files.js";

const MIB = 1_048_576;

interface Contribution {
  readonly address: string;
  readonly bytes: number;
  readonly pieces: number;
}

/** Starts `peer share … --json` and waits until the content is registered and served. */
async function startSharing(path: string, tracker: string, flags: readonly string[] = []): Promise<{ seeder: RunningProcess; shared: JsonEvent }> {
  const seeder = startPeer(["share", path, "--tracker", tracker, "--json", ...flags]);
  return { seeder, shared: await seeder.waitForEvent("shared") };
}

/** Runs `peer download … --json` to its end and gives its last event. */
async function download(args: readonly string[], cwd?: string): Promise<JsonEvent> {
  const peer = await runPeer(["download", ...args, "--json"], { cwd });
  expect(peer.exitCode, peer.transcript()).toBe(0);
  return peer.events.at(-1)!;
}

const peersOf = (finished: JsonEvent): Contribution[] => finished["peers"] as Contribution[];

describe("share and download", () => {
  test("a file travels by name, by id, by part of the id and by link", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    const original = folder.join("a film.bin");
    await writeTestFile(original, 5 * MIB + 17);
    const { seeder, shared } = await startSharing(original, tracker.address);
    await using _ = seeder;
    const contentId = shared["contentId"] as string;
    expect(contentId).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(shared).toMatchObject({ name: "a film.bin", bytes: 5 * MIB + 17 });
    expect(shared["link"]).toMatch(/^piecewise:sha256:[0-9a-f]{64}\?[^\s'"]+$/);

    const ways = { name: "a film.bin", id: contentId, prefix: contentId.slice(0, "sha256:".length + 8), link: shared["link"] as string };
    for (const [way, what] of Object.entries(ways)) {
      const output = folder.join(`by-${way}`);
      const sources = way === "link" ? [] : ["--tracker", tracker.address];
      const finished = await download([what, ...sources, "--output", output]);
      expect(finished).toMatchObject({ event: "finished", contentId, path: output, bytes: 5 * MIB + 17, resumedBytes: 0 });
      expect(await hashFile(output)).toBe(await hashFile(original));
    }
  });

  test("a directory travels with nested, empty and executable files", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    const original = folder.join("tree");
    await writeTestFile(`${original}/a/b/deep.bin`, MIB, "deep");
    await writeTestFile(`${original}/big.bin`, 3 * MIB + 1, "big");
    await writeFile(`${original}/empty.txt`, "");
    await writeFile(`${original}/chạy được 🚀.sh`, "#!/bin/sh\n", { mode: 0o755 });
    await mkdir(`${original}/nothing here`);
    const { seeder } = await startSharing(original, tracker.address);
    await using _ = seeder;
    await mkdir(folder.join("into"));
    const finished = await download(["tree", "--tracker", tracker.address, "--output", folder.join("into")]);
    expect(finished["path"]).toBe(folder.join("into", "tree"));
    expect(await hashTree(folder.join("into", "tree"))).toEqual(await hashTree(original));
  });

  test.each([0, 1, 262_144])("a file of %i bytes", async (bytes) => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("small"), bytes);
    const { seeder } = await startSharing(folder.join("small"), tracker.address);
    await using _ = seeder;
    const finished = await download(["small", "--tracker", tracker.address, "--output", folder.join("copy")]);
    expect(finished).toMatchObject({ bytes, receivedBytes: bytes });
    expect(await readFile(folder.join("copy"))).toEqual(await readFile(folder.join("small")));
  });

  test("without any tracker, from a peer that is named", async () => {
    await using folder = await openTempFolder();
    await writeTestFile(folder.join("file"), MIB);
    const seeder = startPeer(["share", folder.join("file"), "--tracker", "127.0.0.1:9", "--json"]);
    expect((await seeder.waitForExit()).code).toBe(3);
    await using tracker = await startTracker();
    const sharing = await startSharing(folder.join("file"), tracker.address);
    await using _ = sharing.seeder;
    const serving = await sharing.seeder.waitForEvent("serving");
    await tracker.process.stop();
    const finished = await download([sharing.shared["contentId"] as string, "--peer", serving["address"] as string, "--output", folder.join("copy")]);
    expect(peersOf(finished)).toEqual([{ address: serving["address"], bytes: MIB, pieces: 4 }]);
  });
});

describe("from many peers", () => {
  test("three equal seeders with limited rates each give at least a fifth; with --max-peers 1 one gives all", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    const bytes = 24 * MIB;
    const seeders: RunningProcess[] = [];
    try {
      for (let i = 0; i < 3; i += 1) {
        await writeTestFile(folder.join(`${i}`, "film.bin"), bytes);
        const { seeder } = await startSharing(folder.join(`${i}`, "film.bin"), tracker.address, ["--upload-limit", "8M"]);
        seeders.push(seeder);
      }
      const finished = await download(["film.bin", "--tracker", tracker.address, "--output", folder.join("many")]);
      const shares = peersOf(finished).map((peer) => peer.bytes / bytes);
      expect(shares).toHaveLength(3);
      for (const share of shares) expect(share).toBeGreaterThanOrEqual(0.2);
      expect(await hashFile(folder.join("many"))).toBe(await hashFile(folder.join("0", "film.bin")));

      const single = await download(["film.bin", "--tracker", tracker.address, "--max-peers", "1", "--output", folder.join("one")]);
      expect(peersOf(single).filter((peer) => peer.bytes > 0)).toHaveLength(1);
    } finally {
      await Promise.all(seeders.map((seeder) => seeder.stop()));
    }
  });

  test("pieces that are many times as long as what waits to be written", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("film.bin"), 128 * MIB);
    const sharing = [0, 1, 2].map(() => startSharing(folder.join("film.bin"), tracker.address, ["--piece-length", "16M"]));
    const seeders = (await Promise.all(sharing)).map(({ seeder }) => seeder);
    try {
      await download(["film.bin", "--tracker", tracker.address, "--output", folder.join("copy")]);
      expect(await hashFile(folder.join("copy"))).toBe(await hashFile(folder.join("film.bin")));
    } finally {
      await Promise.all(seeders.map((seeder) => seeder.stop()));
    }
  });

  test("who has downloaded with --seed serves the next one when the first seeder is gone", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("film.bin"), 4 * MIB);
    const { seeder } = await startSharing(folder.join("film.bin"), tracker.address);
    await using second = startPeer(["download", "film.bin", "--tracker", tracker.address, "--seed", "--output", folder.join("second"), "--json"]);
    await second.waitForEvent("finished");
    expect((await seeder.stop()).code).toBe(0);
    const finished = await download(["film.bin", "--tracker", tracker.address, "--output", folder.join("third")]);
    expect(finished["bytes"]).toBe(4 * MIB);
    expect(await hashFile(folder.join("third"))).toBe(await hashFile(folder.join("film.bin")));
    expect((await second.stop()).code).toBe(0);
  });

  test("a seeder that is killed in the middle is replaced by the other", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("film.bin"), 16 * MIB);
    const first = await startSharing(folder.join("film.bin"), tracker.address, ["--upload-limit", "4M"]);
    const second = await startSharing(folder.join("film.bin"), tracker.address, ["--upload-limit", "4M"]);
    await using _ = second.seeder;
    await using fetcher = startPeer(["download", "film.bin", "--tracker", tracker.address, "--output", folder.join("copy"), "--json"]);
    await fetcher.waitForEvent("progress", (event) => Number(event["verifiedBytes"]) > 2 * MIB);
    first.seeder.signal("SIGKILL");
    expect((await fetcher.waitForExit()).code, fetcher.transcript()).toBe(0);
    expect(await hashFile(folder.join("copy"))).toBe(await hashFile(folder.join("film.bin")));
  });

  test("a running download and peers that meet in it outlive the tracker", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    await writeTestFile(folder.join("film.bin"), 12 * MIB);
    const { seeder } = await startSharing(folder.join("film.bin"), tracker.address, ["--upload-limit", "4M"]);
    await using _ = seeder;
    await using fetcher = startPeer(["download", "film.bin", "--tracker", tracker.address, "--output", folder.join("copy"), "--json"]);
    await fetcher.waitForEvent("progress", (event) => Number(event["verifiedBytes"]) > 0);
    tracker.process.signal("SIGKILL");
    expect((await fetcher.waitForExit()).code, fetcher.transcript()).toBe(0);
    expect(await hashFile(folder.join("copy"))).toBe(await hashFile(folder.join("film.bin")));
  });
});
