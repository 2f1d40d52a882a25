import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { whenAllocated } from "../measure/allocated-bytes.js";
import { compareContent } from "../measure/compare-content.js";
import { makeFile } from "../measure/content.js";
import { sentPayload } from "../measure/sent-payload.js";
import type { System } from "../systems/system.js";
import { cpuSecondsOf, difference, highest, startSeeders, sum } from "./measure-swarm.js";
import type { MeasurementSetup, Sample, Workload } from "./workload.js";

const KILLED_AT = 0.5;

/** `bytes`: 1 GiB, but for trials. */
export const createFetcherKilled = (bytes: number): Workload => ({
  name: "W5",
  title: "1 GiB, one seeder, one fetcher that is killed when 50 % is on disk, and run again; both runs together",
  rivals: ["libtorrent", "aria2"],
  network: { hostCount: 2, shape: undefined },
  storage: "ram",
  spaceBytes: 2 * bytes,
  figures: [{ key: "overheadPercent", header: "sent beyond the file %", digits: 2 }],
  makeContent: (folder) => makeFile(folder, "w5.bin", bytes),
  measure: measureKilledFetcher,
});

async function measureKilledFetcher(system: System, setup: MeasurementSetup): Promise<Sample> {
  const { network, launcher, content } = setup;
  const swarm = await system.openSwarm(setup);
  const seeders = await startSeeders(swarm, network.hosts, 1);
  const [seedersBefore, sentBefore] = [await cpuSecondsOf(seeders), await network.sent()];

  const order = { host: network.hosts[1]!, folder: join(setup.outputFolder, "0"), stays: false };
  mkdirSync(order.folder);
  const [first] = await swarm.startFetchers([{ ...order, resumes: false }]);
  first!.doneMs.catch(() => {}); // It will not be done.
  await whenAllocated(order.folder, KILLED_AT * content.bytes, first!.process);
  first!.process.kill();
  const killed = await first!.process.ended;

  const [second] = await swarm.startFetchers([{ ...order, resumes: true }]);
  const doneMs = await second!.doneMs;
  const { usage } = await second!.process.ended;
  const [seedersAfter, sentAfter] = [await cpuSecondsOf(seeders), await network.sent()];
  await launcher.stopAll();
  await compareContent(content, second!.output);
  const payload = sentPayload(sentAfter, sentBefore);
  return {
    seconds: (killed.endedMs - first!.process.startedMs + (doneMs - second!.process.startedMs)) / 1000,
    fetcherCpuSeconds: sum([killed.usage?.cpuSeconds, usage?.cpuSeconds]),
    seederCpuSeconds: difference(seedersAfter, seedersBefore),
    fetcherRssBytes: highest([killed.usage?.rssBytes, usage?.rssBytes]),
    sentBytes: difference(sentAfter?.bytes, sentBefore?.bytes),
    // In both directions: what came twice, and what the protocol takes.
    figures: payload === undefined ? {} : { overheadPercent: (100 * (payload - content.bytes)) / content.bytes },
  };
}
