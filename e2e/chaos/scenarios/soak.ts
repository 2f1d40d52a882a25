import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { expect, vi } from "vitest";
import { PlainClient } from "../../plain-grpc.js";
import type { RunningProcess } from "../../processes.js";
import type { Facts, Scenario } from "../scenario.js";
import { KIB, MIB, trackerFlags, type World } from "../world.js";

const AT_A_TIME = 4;
const RSS_GROWTH_MAX_BYTES = 24 * MIB;
/** With so little room garbage is collected before it looks like growth. */
const COLLECTING = { env: { NODE_OPTIONS: "--max-old-space-size=32 --max-semi-space-size=2" } };
const SETTLE_MAX_MS = 30_000;
/** The kernel counts in these whatever the machine. */
const TICK_MS = 10;

/** Many small downloads through one seeder and one tracker, which end as they began. */
export const soak: Scenario = {
  name: "soak",
  fault: "many small downloads, one after another, through one seeder and one tracker",
  async run(world: World): Promise<Facts> {
    const [downloads, few] = world.isLong ? [200, 10] : [16, 4];
    const film = await world.newFile("film.bin", 600 * KIB);
    const tracker = await world.startTracker([], COLLECTING);
    const seeder = await world.startSeeder(film, [tracker.address], [], COLLECTING);
    const servers = [seeder.process, tracker.process];
    const fetch = async (count: number): Promise<number> => {
      const before = cpuMs(servers);
      for (let done = 0; done < count; done += AT_A_TIME) {
        const some = Array.from({ length: Math.min(AT_A_TIME, count - done) }, () => world.startDownload(seeder.contentId, film, trackerFlags([tracker.address])));
        await Promise.all(some.map((download) => download.finish()));
      }
      return (cpuMs(servers) - before) / count;
    };
    const countFiles = (): number[] => servers.map((server) => openFiles(server, film));
    const settled = async (files: readonly number[]): Promise<void> => {
      // One connection of a tool asks for the sizes, and is gone again.
      await vi.waitUntil(async () => (await tableSizes(tracker.address)).every((size) => size === 1), { timeout: SETTLE_MAX_MS });
      await vi.waitUntil(() => String(countFiles()) === String(files), { timeout: SETTLE_MAX_MS });
    };

    const files = countFiles();
    const firstMs = await fetch(few);
    await fetch(downloads / 2 - few);
    await settled(files);
    // Of a process that has all the memory that it needs for this.
    const rss = servers.map(rssBytes);
    await fetch(downloads / 2 - few);
    const lastMs = await fetch(few);
    const endMs = performance.now();
    await settled(files);
    const settledMs = performance.now() - endMs;
    const growth = servers.map((server, index) => rssBytes(server) - rss[index]!);
    for (const bytes of growth) expect(bytes).toBeLessThan(RSS_GROWTH_MAX_BYTES);
    return {
      tries: downloads,
      recoveryMs: [settledMs],
      figures: {
        "CPU ms of seeder and tracker for each of the first ten downloads": firstMs,
        "CPU ms of seeder and tracker for each of the last ten downloads": lastMs,
        "MiB more in the seeder's RSS after the second half": growth[0]! / MIB,
        "MiB more in the tracker's RSS after the second half": growth[1]! / MIB,
      },
    };
  },
};

/** How many file handles a process has besides that of the file that it shares. */
function openFiles({ pid }: RunningProcess, shared: string): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) !== shared;
    } catch {
      return false; // Closed in the meantime.
    }
  }).length;
}

const rssBytes = ({ pid }: RunningProcess): number => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * KIB;

/** User and system time of all threads. */
function cpuMs(processes: readonly RunningProcess[]): number {
  return processes.reduce((sum, { pid }) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }, 0);
}

/** Peers, contents, and pairs of these. */
async function tableSizes(tracker: string): Promise<unknown[]> {
  using client = new PlainClient(tracker);
  const { peerCount, contentCount, membershipCount } = await client.unary("piecewise.v1.TrackerService", "GetStats", {});
  return [peerCount, contentCount, membershipCount];
}
