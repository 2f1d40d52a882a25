import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { expectNoneLeft, mark, type MarkedProcess } from "./marked-process.js";
import { RunningProcess } from "./processes.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BENCH = join(ROOT, "scripts/bench.mjs");
const BENCH_TIMEOUT_MS = 120_000;

describe("the benchmark", { timeout: BENCH_TIMEOUT_MS }, () => {
  test("measures, prints a table and writes the samples down", async () => {
    await using bench = startBench(["--only", "W9", "--rounds", "2", "--rivals", "none"]);
    await bench.waitForExit(BENCH_TIMEOUT_MS);

    expect(bench.exitCode, bench.transcript()).toBe(0);
    expect(bench.stdout.filter((line) => /^Piecewise +\d+\.\d\d +\d/.test(line)), bench.transcript()).toHaveLength(1);
    const [, path] = await bench.waitForLine(/^Every sample: (.*)$/);
    const { results } = JSON.parse(readFileSync(path!, "utf8")) as { results: { name: string; rows: { samples: { seconds: number }[] }[] }[] };
    rmSync(path!);
    expect(results.map(({ name }) => name)).toEqual(["W9"]);
    const { samples } = results[0]!.rows[0]!;
    expect(samples).toHaveLength(2);
    for (const { seconds } of samples) expect(seconds).toBeGreaterThan(0);
    await expectNothingLeft(bench);
  });

  test("leaves nothing behind when it is told to stop", async () => {
    await using bench = startBench(["--only", "W9", "--rounds", "100", "--rivals", "none"]);
    await bench.waitForErrorLine(/^W9, round 1 of 100: /, BENCH_TIMEOUT_MS);
    bench.signal("SIGTERM");

    expect(await bench.waitForExit()).toEqual({ code: 143, signal: null });
    await expectNothingLeft(bench);
  });

  test("refuses a workload that there is not", async () => {
    await using bench = startBench(["--only", "W99"]);
    await bench.waitForExit(BENCH_TIMEOUT_MS);

    expect(bench.exitCode, bench.transcript()).toBe(2);
    expect(bench.stderr.join("\n")).toContain('There is no "W99"');
  });
});

const startBench = (args: readonly string[]): MarkedProcess => mark((env) => new RunningProcess(BENCH, args, { cwd: ROOT, env }));

/** No process, no folder with data, no network namespace. */
async function expectNothingLeft(bench: MarkedProcess): Promise<void> {
  await expectNoneLeft(bench);
  const places = ["/dev/shm", "/var/tmp", "/run/netns"].filter((place) => existsSync(place));
  const left = places.flatMap((place) => readdirSync(place)).filter((name) => name.startsWith(`piecewise-bench-${bench.pid}-`));
  expect(left).toEqual([]);
}
