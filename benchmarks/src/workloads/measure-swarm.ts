import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { MIB } from "@piecewise/base";
import { BenchFailure } from "../bench-failure.js";
import { compareContent } from "../measure/compare-content.js";
import type { Content } from "../measure/content.js";
import { watchMemory } from "../measure/memory-watch.js";
import type { Host, Sent } from "../measure/network.js";
import type { RunningProcess } from "../measure/running-process.js";
import { sentPayload, sumSent } from "../measure/sent-payload.js";
import type { FetchOrder, Fetcher, Swarm, System } from "../systems/system.js";
import type { MeasurementSetup, Sample } from "./workload.js";

/** How many peers there are. They have a host each: first the liar if there is one, then seeders, then fetchers. */
export interface SwarmPlan {
  /** What a further seeder sends instead. */
  readonly wrongPath?: string;
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
  const liars = plan.wrongPath === undefined ? [] : [await startLiar(swarm, setup, plan.wrongPath)];
  const seeders = [...liars, ...(await startSeeders(swarm, network.hosts.slice(liars.length), plan.seeders))];
  const sourceHosts = network.hosts.slice(0, seeders.length);
  const sentBySources = async (): Promise<Sent | undefined> => sumSent(await Promise.all(sourceHosts.map((host) => host.sent())));
  const [seedersBefore, sentBefore, sourcesBefore] = [await cpuSecondsOf(seeders), await network.sent(), await sentBySources()];

  const fetchers = await swarm.startFetchers(orders(setup, network.hosts.slice(seeders.length), plan.fetchers));
  const memory = watchMemory(fetchers.map(({ process }) => process));
  const [doneMs] = await Promise.all([lastOf(fetchers), plan.disturb?.(seeders, fetchers)]);

  const costs = await Promise.all(fetchers.map(({ process }) => process.usage()));
  const anonymous = memory.stop();
  const [seedersAfter, sentAfter, sourcesAfter] = [await cpuSecondsOf(seeders), await network.sent(), await sentBySources()];
  await launcher.stopAll();
  for (const { output } of fetchers) await compareContent(content, output);
  return {
    seconds: (doneMs - Math.min(...fetchers.map(({ process }) => process.startedMs))) / 1000,
    fetcherCpuSeconds: sum(costs.map((usage) => usage?.cpuSeconds)),
    seederCpuSeconds: difference(seedersAfter, seedersBefore),
    fetcherRssBytes: highest(costs.map((usage) => usage?.rssBytes)),
    sentBytes: difference(sentAfter?.bytes, sentBefore?.bytes),
    figures: { anonymousMib: anonymous / MIB, ...sourceFigures(sentPayload(sourcesAfter, sourcesBefore), content) },
  };
}

const sourceFigures = (payload: number | undefined, { bytes }: Content): Record<string, number> =>
  payload === undefined ? {} : { seederSentTimes: payload / bytes, wastedMib: (payload - bytes) / MIB };

function startLiar(swarm: Swarm, { network }: MeasurementSetup, wrongPath: string): Promise<RunningProcess> {
  if (swarm.startLiar === undefined) throw new BenchFailure("It cannot be made to send wrong bytes.");
  return swarm.startLiar(network.hosts[0]!, wrongPath);
}

/** On the first of the hosts, one after the other: they hash. */
export async function startSeeders(swarm: Swarm, hosts: readonly Host[], count: number): Promise<RunningProcess[]> {
  const seeders: RunningProcess[] = [];
  for (const host of hosts.slice(0, count)) seeders.push(await swarm.startSeeder(host));
  return seeders;
}

function orders({ outputFolder }: MeasurementSetup, hosts: readonly Host[], count: number): FetchOrder[] {
  return hosts.slice(0, count).map((host, index) => {
    const folder = join(outputFolder, String(index));
    mkdirSync(folder);
    return { host, folder, resumes: false, stays: count > 1 };
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
