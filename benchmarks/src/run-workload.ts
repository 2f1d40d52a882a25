import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BenchFailure } from "./bench-failure.js";
import { Launcher } from "./measure/launcher.js";
import { type NetworkMeans, openNetwork } from "./open-network.js";
import type { ProcessOwner } from "./process-owner.js";
import type { Row } from "./report.js";
import { requireSpace } from "./measure/scratch-folder.js";
import { makeTorrent } from "./torrent/make-torrent.js";
import type { Rival, RivalName } from "./systems/find-installed.js";
import type { System } from "./systems/system.js";
import type { MeasurementSetup, Sample, Workload } from "./workloads/workload.js";

/** What every workload is run with. */
export interface Bench extends NetworkMeans {
  readonly owner: ProcessOwner;
  readonly piecewise: System;
  readonly rivals: Readonly<Partial<Record<RivalName, Rival>>>;
  readonly rounds: number;
  /** By where they lie. */
  readonly scratchFolders: Readonly<Record<Workload["storage"], string>>;
  /** Told of every measurement as it is made. */
  readonly onProgress: (line: string) => void;
}

interface Contender {
  readonly title: string;
  readonly measure: (setup: MeasurementSetup) => Promise<Sample>;
  /** Ours may not fail; a rival that does is left out of that round. */
  readonly mayFail: boolean;
  readonly samples: (Sample | undefined)[];
  readonly notes: string[];
}

/** Measures every contender once a round, in turn. @returns ours first. @throws BenchFailure if ours fails, or has fetched wrong bytes. */
export async function runWorkload(workload: Workload, bench: Bench): Promise<readonly Row[]> {
  const contenders = contendersOf(workload, bench);
  const folder = join(bench.scratchFolders[workload.storage], workload.name);
  requireSpace(bench.scratchFolders[workload.storage], workload.spaceBytes);
  mkdirSync(folder);
  try {
    const content = workload.makeContent(join(folder, "source"));
    const torrentPath = join(folder, "content.torrent");
    if (contenders.length > 1) makeTorrent(content, torrentPath);
    for (let round = 1; round <= bench.rounds; round += 1) {
      for (const contender of contenders) {
        const measure = (): Promise<Sample> => measureOnce(join(folder, "run"), bench, workload, (parts) => contender.measure({ ...parts, content, torrentPath }));
        bench.onProgress(`${workload.name}, round ${round} of ${bench.rounds}: ${await measureInto(contender, round, measure)}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return [...contenders, ...absentOf(workload, bench)];
}

/** @returns what came of it, for the progress. */
async function measureInto({ title, samples, notes, mayFail }: Contender, round: number, measure: () => Promise<Sample>): Promise<string> {
  try {
    const sample = await measure();
    samples.push(sample);
    return `${title} ${sample.seconds.toFixed(2)} s`;
  } catch (error) {
    if (!mayFail || !(error instanceof BenchFailure)) throw error;
    samples.push(undefined);
    notes.push(`failed in round ${round}: ${error.message.split("\n", 1)[0]}`);
    return `${title} failed: ${error.message}`;
  }
}

function contendersOf(workload: Workload, { piecewise, rivals }: Bench): readonly Contender[] {
  const ours = contender(piecewise.title, false, (setup) => workload.measure(piecewise, setup));
  const others = rivalsOf(workload, rivals).flatMap(({ title, missing, system }) => {
    if (missing !== undefined) return [];
    return contender(title, true, (setup) => (system === undefined ? workload.measureFloor!(setup) : workload.measure(system, setup)));
  });
  return [ours, ...others];
}

const contender = (title: string, mayFail: boolean, measure: Contender["measure"]): Contender => ({ title, measure, mayFail, samples: [], notes: [] });

const absentOf = (workload: Workload, { rivals }: Bench): readonly Row[] =>
  rivalsOf(workload, rivals).flatMap(({ title, missing }) => (missing === undefined ? [] : { title, samples: [], notes: [`not installed (${missing})`] }));

const rivalsOf = (workload: Workload, rivals: Bench["rivals"]): readonly Rival[] => workload.rivals.flatMap((name) => rivals[name] ?? []);

/** In new folders, in a network of its own; nothing of it is left afterwards. */
async function measureOnce(
  runFolder: string,
  bench: Bench,
  { network: plan }: Workload,
  measure: (parts: Omit<MeasurementSetup, "content" | "torrentPath">) => Promise<Sample>,
): Promise<Sample> {
  const [folder, outputFolder] = [join(runFolder, "system"), join(runFolder, "output")];
  for (const path of [folder, outputFolder]) mkdirSync(path, { recursive: true });
  try {
    await using network = await openNetwork(plan, bench);
    await using launcher = new Launcher(bench.owner, bench.python);
    return await measure({ launcher, network, folder, outputFolder });
  } finally {
    rmSync(runFolder, { recursive: true, force: true });
  }
}
