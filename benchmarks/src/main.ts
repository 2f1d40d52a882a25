import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Flags, parseFlags } from "./flags.js";
import { describeMachine } from "./measure/machine.js";
import { Namespaces } from "./measure/namespaces.js";
import { diskFolder, openScratchFolder, ramFolder } from "./measure/scratch-folder.js";
import { networkKind } from "./open-network.js";
import type { ProcessOwner } from "./process-owner.js";
import { workloadTable } from "./report.js";
import { type Bench, runWorkload } from "./run-workload.js";
import { findCommit, findPython, findRivals } from "./systems/find-installed.js";
import { createPiecewise } from "./systems/piecewise.js";
import { allWorkloads } from "./workloads/all-workloads.js";
import type { Workload } from "./workloads/workload.js";

export interface BenchWorld {
  readonly owner: ProcessOwner;
  /** Of the workspace. */
  readonly root: string;
  /** Builds the binaries that are measured. */
  build(): Promise<void>;
  /** All data is divided by it: 1, but for trials. */
  readonly divisor: number;
}

/** The whole command. @returns its exit code. @throws BenchFailure if a measurement of ours fails. */
export async function main(args: readonly string[], world: BenchWorld): Promise<number> {
  const all = allWorkloads(world.divisor);
  const flags = parseFlags(args, all.map(({ name }) => name));
  if (typeof flags === "number") return flags;
  await world.build();
  const workloads = all.filter(({ name, isLong }) => (flags.only.length === 0 ? isLong !== true : flags.only.includes(name)));
  await measureAll(workloads, await openBench(flags, world), world);
  return 0;
}

async function openBench({ rivals, rounds }: Flags, { owner, root }: BenchWorld): Promise<Bench> {
  const found = await findRivals(owner);
  return {
    owner,
    python: await findPython(owner),
    namespaces: await Namespaces.open(owner),
    piecewise: createPiecewise(join(root, "node_modules/.bin")),
    rivals: Object.fromEntries(rivals.map((name) => [name, found[name]])),
    rounds,
    scratchFolders: { ram: openScratchFolder(ramFolder()), disk: openScratchFolder(diskFolder()) },
    onProgress: (line) => console.error(line),
  };
}

/** Prints a table for each workload, and writes every sample down. */
async function measureAll(workloads: readonly Workload[], bench: Bench, { owner, root, divisor }: BenchWorld): Promise<void> {
  const [machine, commit] = [describeMachine(), (await findCommit(owner, root)) ?? "unknown"];
  const startedAt = new Date().toISOString();
  console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB; ${machine.kernel}; Node ${machine.node}; commit ${commit}; ${startedAt}`);

  const path = join(root, "benchmarks/results", `${startedAt.replaceAll(":", "")}.json`);
  const results: object[] = [];
  for (const workload of workloads) {
    const { name, title } = workload;
    const network = networkKind(workload.network, bench);
    if (network === undefined) {
      console.log(`\n${name}: ${title}\n\nskipped: it takes network namespaces, and so root, iproute2, util-linux and python3`);
      continue;
    }
    const rows = await runWorkload(workload, bench);
    console.log(`\n${workloadTable(workload, rows)}`);
    if (network === "delay-line") console.log("This kernel has no netem: processes of the benchmark delay the packets.");
    results.push({ name, title, network, rows: rows.map((row) => ({ title: row.title, samples: row.samples, notes: row.notes })) });
    // After each: what was measured is kept even if the next one fails.
    writeFileSync(path, `${JSON.stringify({ startedAt, machine, commit, rounds: bench.rounds, divisor, results }, undefined, 2)}\n`);
  }
  if (results.length > 0) console.log(`\nEvery sample: ${path}`);
}
