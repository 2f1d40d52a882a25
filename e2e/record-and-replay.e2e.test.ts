import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { RunningProcess, runPeer, startPeer, startTracker } from "./processes.js";
import { openTempFolder } from "./temp-folder.js";
import { hashFile, writeTestFile } from "./test-files.js";

const MIB = 1_048_576;
const BYTES = 24 * MIB + 5;

const simulator = fileURLToPath(new URL("../libs/simulator/dist/entry/simulate.js", import.meta.url));

/** `npm run simulate -- --replay PATH`. */
async function replay(path: string): Promise<{ code: number | null; said: string }> {
  await using process = new RunningProcess(simulator, ["--replay", path]);
  const { code } = await process.waitForExit();
  return { code, said: process.stdout.join("\n") };
}

describe("a recorded download", () => {
  test("from two peers is gone through again, event for event; a changed record is found out", async () => {
    await using folder = await openTempFolder();
    await using tracker = await startTracker();
    const original = folder.join("film.bin");
    await writeTestFile(original, BYTES);
    const limits = ["--tracker", tracker.address, "--piece-length", "256K", "--upload-limit", "16M", "--json"];
    await using first = startPeer(["share", original, ...limits]);
    await using second = startPeer(["share", original, ...limits]);
    const addresses = await Promise.all([first, second].map(async (seeder) => (await seeder.waitForEvent("serving"))["address"] as string));

    const record = folder.join("film.log");
    const output = folder.join("copy.bin");
    const args = ["download", "film.bin", "--tracker", tracker.address, "--output", output, "--record", record, "--json"];
    const download = await runPeer(args);
    expect(download.exitCode, download.transcript()).toBe(0);
    expect(await hashFile(output)).toBe(await hashFile(original));
    const gave = download.events.at(-1)!["peers"] as { address: string; bytes: number }[];
    expect(gave.map(({ address }) => address).toSorted()).toEqual(addresses.toSorted());

    const text = await readFile(record, "utf8");
    const lines = text.trimEnd().split("\n");
    expect(lines.filter((line) => line.includes('"chunkReceived"')).length).toBeGreaterThanOrEqual(97);
    for (const told of [...addresses, "127.0.0.1", "film.bin", "copy.bin", folder.join("")]) expect(text).not.toContain(told);
    expect(await replay(record)).toEqual({ code: 0, said: `${lines.length - 1} events, ${BYTES} of ${BYTES} bytes verified` });

    const at = lines.findIndex((line) => line.includes('"pieceVerified"'));
    const tampered = folder.join("tampered.log");
    await writeFile(tampered, `${lines.with(at, lines[at]!.replace("pieceVerified", "pieceRejected")).join("\n")}\n`);
    const found = await replay(tampered);
    expect(found.code).toBe(1);
    expect(found.said).toContain(`line ${at + 1}: this brain wants`);
  });

  test("takes the place of no file, and nothing is downloaded then", async () => {
    await using folder = await openTempFolder();
    const kept = folder.join("notes.txt");
    await writeFile(kept, "kept");
    const id = `sha256:${"0".repeat(64)}`;
    const download = await runPeer(["download", id, "--peer", "127.0.0.1:1", "--output", folder.join("copy"), "--record", kept, "--json"]);
    expect(download.exitCode).toBe(2);
    expect(download.events.at(-1)).toMatchObject({ event: "error", code: "OUTPUT_EXISTS" });
    expect(await readFile(kept, "utf8")).toBe("kept");
  });
});
