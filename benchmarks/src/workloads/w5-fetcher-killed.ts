import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { whenAllocated } from "../measure/allocated-bytes.js";
import { compareContent } from "../measure/compare-content.js";
import { makeFile } from "../measure/content.js";
import type { Sent } from "../measure/network.js";
import type { System } from "../systems/system.js";
import { cpuSecondsOf, difference, highest, startSeeders, sum } from "./measure-swarm.js";
import type { MeasurementSetup, Sample, Workload } from "./workload.js";

const KILLED_AT = 0.5;
/** Ethernet, IPv4, TCP and its time stamps. */
const HEADER_BYTES = 66;

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
  const seeders = await startSeeders(swarm, setup, 1);
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
  return {
    seconds: (killed.endedMs - first!.process.startedMs + (doneMs - second!.process.startedMs)) / 1000,
    fetcherCpuSeconds: sum([killed.usage?.cpuSeconds, usage?.cpuSeconds]),
    seederCpuSeconds: difference(seedersAfter, seedersBefore),
    fetcherRssBytes: highest([killed.usage?.rssBytes, usage?.rssBytes]),
    sentBytes: difference(sentAfter?.bytes, sentBefore?.bytes),
    figures: sentAfter && sentBefore ? { overheadPercent: overheadPercent(sentAfter, sentBefore, content.bytes) } : {},
  };
}

/** What was sent in both directions beyond the file itself, headers of TCP and below not counted: what came twice, and the protocol. */
function overheadPercent(after: Sent, before: Sent, fileBytes: number): number {
  const payload = after.bytes - before.bytes - (after.packets - before.packets) * HEADER_BYTES;
  return (100 * (payload - fileBytes)) / fileBytes;
}
