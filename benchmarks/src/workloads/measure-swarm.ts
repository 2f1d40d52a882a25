import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { compareContent } from "../measure/compare-content.js";
import type { RunningProcess } from "../measure/running-process.js";
import type { Usage } from "../measure/usage.js";
import type { Fetcher, System } from "../systems/system.js";
import type { MeasurementSetup, Sample } from "./workload.js";

/** How many peers there are, on which hosts: the seeders come first. */
export interface SwarmPlan {
  readonly seeders: number;
  readonly fetchers: number;
}

/**
 * Seeders serve, then fetchers start at once, and the time runs until the last of them has everything: a single fetcher has ended by then, of
 * several all stay and go on serving. Every copy is compared afterwards.
 */
export async function measureSwarm(system: System, setup: MeasurementSetup, { seeders: seederCount, fetchers: fetcherCount }: SwarmPlan): Promise<Sample> {
  const { network, launcher } = setup;
  const swarm = await system.openSwarm(setup);
  const seeders: RunningProcess[] = [];
  for (const host of network.hosts.slice(0, seederCount)) seeders.push(await swarm.startSeeder(host));

  const before = { seeders: seeders.map((seeder) => seeder.usageSoFar()), sent: await network.sent() };
  const orders = network.hosts.slice(seederCount, seederCount + fetcherCount).map((host, index) => {
    const folder = join(setup.outputFolder, String(index));
    mkdirSync(folder);
    return { host, folder, resumes: false, stays: fetcherCount > 1 };
  });
  const fetchers = await swarm.startFetchers(orders);
  const doneMs = Math.max(...(await Promise.all(fetchers.map((fetcher) => fetcher.doneMs))));

  const fetcherUsages = await Promise.all(fetchers.map((fetcher) => usageOf(fetcher, fetcherCount > 1)));
  const after = { seeders: seeders.map((seeder) => seeder.usageSoFar()), sent: await network.sent() };
  await launcher[Symbol.asyncDispose]();
  for (const { output } of fetchers) await compareContent(setup.content, output);
  return {
    seconds: (doneMs - Math.min(...fetchers.map(({ process }) => process.startedMs))) / 1000,
    fetcherCpuSeconds: sum(fetcherUsages.map((usage) => usage?.cpuSeconds)),
    seederCpuSeconds: sum(after.seeders.map((usage, index) => usage.cpuSeconds - before.seeders[index]!.cpuSeconds)),
    fetcherRssBytes: highest(fetcherUsages.map((usage) => usage?.rssBytes)),
    sentBytes: after.sent && before.sent && after.sent.bytes - before.sent.bytes,
  };
}

const usageOf = async ({ process }: Fetcher, stays: boolean): Promise<Usage | undefined> => (stays ? process.usageSoFar() : (await process.ended).usage);

function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((total, value) => (total === undefined || value === undefined ? undefined : total + value), 0);
}

function highest(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce((most, value) => (most === undefined || value === undefined ? undefined : Math.max(most, value)), 0);
}
