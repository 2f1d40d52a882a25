import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { compareContent } from "../measure/compare-content.js";
import type { RunningProcess } from "../measure/running-process.js";
import type { FetchOrder, Fetcher, Swarm, System } from "../systems/system.js";
import type { MeasurementSetup, Sample } from "./workload.js";

/** How many peers there are. They have a host each, seeders first. */
export interface SwarmPlan {
  readonly seeders: number;
  readonly fetchers: number;
  /** What happens to them meanwhile. */
  readonly disturb?: (seeders: readonly RunningProcess[], fetchers: readonly Fetcher[]) => Promise<void>;
}

/**
 * Seeders serve, then fetchers start at once, and the time runs until the last of them has everything: a single fetcher has ended by then, of
 * several all stay and go on serving. Every copy is compared afterwards.
 */
export async function measureSwarm(system: System, setup: MeasurementSetup, plan: SwarmPlan): Promise<Sample> {
  const { network, launcher, content } = setup;
  const swarm = await system.openSwarm(setup);
  const seeders = await startSeeders(swarm, setup, plan.seeders);
  const [seedersBefore, sentBefore] = [await cpuSecondsOf(seeders), await network.sent()];

  const fetchers = await swarm.startFetchers(orders(setup, plan));
  const [doneMs] = await Promise.all([lastOf(fetchers), plan.disturb?.(seeders, fetchers)]);

  const costs = await Promise.all(fetchers.map(({ process }) => process.usage()));
  const [seedersAfter, sentAfter] = [await cpuSecondsOf(seeders), await network.sent()];
  await launcher.stopAll();
  for (const { output } of fetchers) await compareContent(content, output);
  return {
    seconds: (doneMs - Math.min(...fetchers.map(({ process }) => process.startedMs))) / 1000,
    fetcherCpuSeconds: sum(costs.map((usage) => usage?.cpuSeconds)),
    seederCpuSeconds: difference(seedersAfter, seedersBefore),
    fetcherRssBytes: highest(costs.map((usage) => usage?.rssBytes)),
    sentBytes: difference(sentAfter?.bytes, sentBefore?.bytes),
  };
}

/** On the first hosts, one after the other: they hash. */
export async function startSeeders(swarm: Swarm, { network }: MeasurementSetup, count: number): Promise<RunningProcess[]> {
  const seeders: RunningProcess[] = [];
  for (const host of network.hosts.slice(0, count)) seeders.push(await swarm.startSeeder(host));
  return seeders;
}

function orders({ network, outputFolder }: MeasurementSetup, { seeders, fetchers }: SwarmPlan): FetchOrder[] {
  return network.hosts.slice(seeders, seeders + fetchers).map((host, index) => {
    const folder = join(outputFolder, String(index));
    mkdirSync(folder);
    return { host, folder, resumes: false, stays: fetchers > 1 };
  });
}

const lastOf = async (fetchers: readonly Fetcher[]): Promise<number> => Math.max(...(await Promise.all(fetchers.map(({ doneMs }) => doneMs))));

/** All CPU that they have taken so far; undefined if that is not known of one that has ended. */
export const cpuSecondsOf = async (processes: readonly RunningProcess[]): Promise<number | undefined> =>
  sum((await Promise.all(processes.map((each) => each.usage()))).map((usage) => usage?.cpuSeconds));

/** Undefined if one of them is. */
export function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}

/** Undefined if one of them is. */
export function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((total, value) => (total === undefined || value === undefined ? undefined : total + value), 0);
}

/** Undefined if one of them is. */
export function highest(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((most, value) => (most === undefined || value === undefined ? undefined : Math.max(most, value)), 0);
}
