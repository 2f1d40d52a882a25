import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseFlags } from "./flags.js";
import { describeMachine } from "./measure/machine.js";
import { Namespaces } from "./measure/namespaces.js";
import { diskFolder, openScratchFolder, ramFolder } from "./measure/scratch-folder.js";
import type { ProcessOwner } from "./process-owner.js";
import { workloadTable } from "./report.js";
import { runWorkload } from "./run-workload.js";
import { findPython, findRivals } from "./systems/find-rivals.js";
import { createPiecewise } from "./systems/piecewise.js";
import { allWorkloads } from "./workloads/all-workloads.js";

export interface BenchWorld {
  readonly owner: ProcessOwner;
  /** Of the workspace. */
  readonly root: string;
  /** Builds the binaries that are measured. */
  build(): Promise<void>;
  /** All data is divided by it: 1, but for trials. */
  readonly divisor: number;
}

/** The whole command. @returns its exit code. @throws BenchFailure if a contender fails. */
export async function main(args: readonly string[], { owner, root, build, divisor }: BenchWorld): Promise<number> {
  const all = allWorkloads(divisor);
  const flags = parseFlags(args, all.map(({ name }) => name));
  if (typeof flags === "number") return flags;
  await build();

  const workloads = all.filter((workload) => (flags.only.length === 0 ? workload.isLong !== true : flags.only.includes(workload.name)));
  const found = await findRivals(owner);
  const bench = {
    owner,
    python: await findPython(owner),
    namespaces: await Namespaces.open(owner),
    piecewise: createPiecewise(join(root, "node_modules/.bin")),
    rivals: Object.fromEntries(flags.rivals.map((name) => [name, found[name]])),
    rounds: flags.rounds,
    scratchFolders: { ram: openScratchFolder(ramFolder()), disk: openScratchFolder(diskFolder()) },
    onProgress: (line: string) => console.error(line),
  };
  const machine = describeMachine();
  const startedAt = new Date().toISOString();
  console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB; ${machine.kernel}; Node ${machine.node}; ${startedAt}`);

  const path = join(root, "benchmarks/results", `${startedAt.replaceAll(":", "")}.json`);
  const results: object[] = [];
  for (const workload of workloads) {
    if (workload.network.shape !== undefined && bench.namespaces === undefined) {
      console.log(`\n${workload.name}: ${workload.title}\n\nskipped: it takes root, iproute2 and util-linux, for network namespaces`);
      continue;
    }
    const rows = await runWorkload(workload, bench);
    console.log(`\n${workloadTable(workload, rows)}`);
    results.push({ name: workload.name, title: workload.title, rows: rows.map(({ title, samples, notes }) => ({ title, samples, notes })) });
    // After each: what was measured is kept even if the next one fails.
    writeFileSync(path, `${JSON.stringify({ startedAt, machine, rounds: flags.rounds, divisor, results }, undefined, 2)}\n`);
  }
  console.log(`\nEvery sample: ${path}`);
  return 0;
}
