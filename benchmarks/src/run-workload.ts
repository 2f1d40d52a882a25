import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Launcher } from "./measure/launcher.js";
import { openLoopback } from "./measure/loopback.js";
import type { ProcessOwner } from "./process-owner.js";
import type { Row } from "./report.js";
import { requireSpace } from "./measure/scratch-folder.js";
import { makeTorrent } from "./torrent/make-torrent.js";
import type { Rival, RivalName } from "./systems/find-rivals.js";
import type { System } from "./systems/system.js";
import type { MeasurementSetup, Sample, Workload } from "./workloads/workload.js";

/** What every workload is run with. */
export interface Bench {
  readonly owner: ProcessOwner;
  /** For the launcher; undefined if there is none. */
  readonly python: string | undefined;
  readonly piecewise: System;
  readonly rivals: Readonly<Partial<Record<RivalName, Rival>>>;
  readonly rounds: number;
  readonly scratchFolder: string;
  /** Told of every measurement as it is made. */
  readonly onProgress: (line: string) => void;
}

interface Contender {
  readonly title: string;
  readonly measure: (setup: MeasurementSetup) => Promise<Sample>;
}

/** Measures every contender once a round, in turn. @throws BenchFailure if one fails, or has fetched wrong bytes. */
export async function runWorkload(workload: Workload, bench: Bench): Promise<readonly Row[]> {
  const { contenders, absent } = contendersOf(workload, bench);
  const folder = join(bench.scratchFolder, workload.name);
  requireSpace(bench.scratchFolder, workload.spaceBytes);
  mkdirSync(folder);
  try {
    const content = workload.makeContent(join(folder, "source"));
    const torrentPath = join(folder, "content.torrent");
    makeTorrent(content, torrentPath);

    const samples = contenders.map((): Sample[] => []);
    for (let round = 1; round <= bench.rounds; round += 1) {
      for (const [index, { title, measure }] of contenders.entries()) {
        const sample = await measureOnce(join(folder, "run"), bench, workload, (parts) => measure({ ...parts, content, torrentPath }));
        samples[index]!.push(sample);
        bench.onProgress(`${workload.name}, round ${round} of ${bench.rounds}: ${title} ${sample.seconds.toFixed(2)} s`);
      }
    }
    return [...contenders.map(({ title }, index) => ({ title, samples: samples[index]! })), ...absent];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function contendersOf(workload: Workload, { piecewise, rivals }: Bench): { readonly contenders: readonly Contender[]; readonly absent: readonly Row[] } {
  const contender = (system: System): Contender => ({ title: system.title, measure: (setup) => workload.measure(system, setup) });
  const found = workload.rivals.flatMap((name) => rivals[name] ?? []);
  return {
    contenders: [contender(piecewise), ...found.flatMap((rival) => ("system" in rival ? contender(rival.system) : []))],
    absent: found.flatMap((rival) => ("system" in rival ? [] : { title: rival.title, samples: [], whyNot: rival.missing })),
  };
}

/** In new folders, in a network of its own; nothing of it is left afterwards. */
async function measureOnce(
  runFolder: string,
  { owner, python }: Bench,
  { network: { hostCount } }: Workload,
  measure: (parts: Omit<MeasurementSetup, "content" | "torrentPath">) => Promise<Sample>,
): Promise<Sample> {
  const [folder, outputFolder] = [join(runFolder, "system"), join(runFolder, "output")];
  for (const path of [folder, outputFolder]) mkdirSync(path, { recursive: true });
  try {
    await using network = openLoopback(hostCount);
    await using launcher = new Launcher(owner, python);
    return await measure({ launcher, network, folder, outputFolder });
  } finally {
    rmSync(runFolder, { recursive: true, force: true });
  }
}
