import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { expectNoneLeft, mark, type MarkedProcess, processesWith } from "./marked-process.js";
import { RunningProcess } from "./processes.js";
import { hashFile, hashTree } from "./test-files.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DEMO = join(ROOT, "scripts/demo.mjs");
const DEMO_TIMEOUT_MS = 120_000;
/** The demo, its supervisor, the tracker and three seeders: so many run once something is fetched. */
const PROCESSES_MIN = 6;

describe("the demo", { timeout: DEMO_TIMEOUT_MS }, () => {
  test("fetches a large file and a folder from three peers, byte for byte", async () => {
    await using demo = startDemo();
    await demo.waitForExit(DEMO_TIMEOUT_MS);

    expect(demo.exitCode, demo.transcript()).toBe(0);
    const [, file] = await demo.waitForLine(/^file +(\/.*) \(.*\)$/);
    const [, folder] = await demo.waitForLine(/^folder +(\/.*) \(.*\)$/);
    expect(await hashFile(join(ROOT, "demo-output", basename(file!)))).toBe(await hashFile(file!));
    expect(await hashTree(join(ROOT, "demo-output", basename(folder!)))).toEqual(await hashTree(folder!));
    for (const seeder of ["seeder 1", "seeder 2", "seeder 3"]) {
      expect(demo.stdout.filter((line) => line.startsWith(`  ${seeder}`) && / [1-9]\d* pieces/.test(line)), demo.transcript()).not.toEqual([]);
    }
    expect(demo.stdout.join("\n"), "the answer to the gRPC call").toMatch(/"contentId": "sha256:[0-9a-f]{64}"/);
    await expectNoneLeft(demo);
  });

  test("leaves no process behind when it is told to stop half-way", async () => {
    await using demo = startDemo();
    await untilItFetches(demo);
    demo.signal("SIGTERM");

    expect(await demo.waitForExit()).toEqual({ code: 143, signal: null });
    await expectNoneLeft(demo);
  });

  test("leaves no process behind when it is killed", async () => {
    await using demo = startDemo();
    await untilItFetches(demo);
    demo.signal("SIGKILL");

    expect(await demo.waitForExit()).toEqual({ code: null, signal: "SIGKILL" });
    await expectNoneLeft(demo);
  });

  test("leaves no process behind when the one that started it is killed", async () => {
    const start = `require("node:child_process").spawn(process.execPath, [process.argv[1]], { stdio: "inherit" })`;
    await using parent = mark((env) => new RunningProcess("--eval", [start, DEMO], { cwd: ROOT, env }));
    await untilItFetches(parent);
    parent.signal("SIGKILL");

    await parent.waitForExit();
    await expectNoneLeft(parent);
  });
});

const startDemo = (): MarkedProcess => mark((env) => new RunningProcess(DEMO, [], { cwd: ROOT, env }));

async function untilItFetches(demo: MarkedProcess): Promise<void> {
  await demo.waitForLine(/^== A fourth peer fetches/, DEMO_TIMEOUT_MS);
  expect(processesWith(demo.mark).length, demo.transcript()).toBeGreaterThanOrEqual(PROCESSES_MIN);
}
