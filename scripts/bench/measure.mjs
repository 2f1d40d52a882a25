import { join } from "node:path";
import { withLock } from "../processes/lock.mjs";
import { Failure, withProcesses } from "../processes/processes.mjs";
import { buildBinaries, buildTypes, install, root } from "../setup.mjs";

/** As long as a benchmark that was stopped may need to end its processes. */
const LAST_BENCH_ENDS_MS = 5_000;

await withProcesses(async (processes) => {
  await install(processes);
  await buildTypes(processes, ["benchmarks"]);
  const { main } = await import("../../benchmarks/dist/main.js");
  const world = { owner: processes, root, build: () => buildBinaries(processes), divisor: 1 };
  const lock = {
    holderPid: processes.holderPid,
    waitMs: LAST_BENCH_ENDS_MS,
    busy: (pid) => `Process ${pid} runs a benchmark in this folder already, and two at once would disturb each other: wait for its end.`,
  };
  try {
    return await withLock(join(root, ".nx/bench.lock"), lock, () => main(process.argv.slice(2), world));
  } catch (error) {
    throw error.name === "BenchFailure" ? new Failure(error.message) : error;
  }
});
