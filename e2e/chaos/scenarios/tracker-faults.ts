import { expect, vi } from "vitest";
import { runPeer } from "../../processes.js";
import type { Facts, Scenario } from "../scenario.js";
import { MIB, type Tracker, trackerFlags, type World } from "../world.js";

const LISTED_MAX_MS = 60_000;
const AWAY_MS = 1_500;

const share = async (world: World, trackers: readonly Tracker[], seeders: number, bytes: number) => {
  const film = await world.newFile("film.bin", bytes);
  const addresses = trackers.map(({ address }) => address);
  return { film, addresses, seeders: await world.startSeeders(seeders, film, addresses, ["--upload-limit", "2M"]) };
};

/** Resolves as soon as the tracker lists so many seeds of the only content there is. */
async function whenListed(tracker: string, seeds: number): Promise<void> {
  const list = async (): Promise<unknown> => (await runPeer(["list", "--tracker", tracker, "--json"])).events.at(-1)?.["seeds"];
  await vi.waitUntil(async () => (await list()) === seeds, { timeout: LISTED_MAX_MS, interval: 50 });
}

export const trackerRestarted: Scenario = {
  name: "tracker-restarted",
  fault: "the tracker killed -9 during downloads and started again, empty",
  async run(world: World): Promise<Facts> {
    const [bytes, kills] = world.isLong ? [48 * MIB, 3] : [12 * MIB, 1];
    let tracker = await world.startTracker();
    const { film, addresses, seeders } = await share(world, [tracker], 2, bytes);
    const downloads = [0, 1].map(() => world.startDownload(seeders[0]!.contentId, film, trackerFlags(addresses)));
    const recoveryMs: number[] = [];
    for (let kill = 1; kill <= kills; kill += 1) {
      await downloads[0]!.whenVerified(world.between(1, (bytes * kill) / (kills + 1)));
      tracker.process.signal("SIGKILL");
      await tracker.process.exited;
      await world.moment(AWAY_MS);
      tracker = await world.startTracker(["--listen", tracker.address]);
      const backMs = performance.now();
      await whenListed(tracker.address, 2);
      recoveryMs.push(performance.now() - backMs);
    }
    for (const download of downloads) await download.finish();
    return { tries: kills, recoveryMs };
  },
};

export const trackerGone: Scenario = {
  name: "tracker-gone",
  fault: "the only tracker killed -9 for good; a newcomer comes with a link",
  async run(world: World): Promise<Facts> {
    const bytes = world.isLong ? 48 * MIB : 10 * MIB;
    const tracker = await world.startTracker();
    const { film, addresses, seeders } = await share(world, [tracker], 2, bytes);
    const running = world.startDownload(seeders[0]!.contentId, film, trackerFlags(addresses));
    await running.whenVerified(world.between(1, bytes / 2));
    tracker.process.signal("SIGKILL");
    const faultMs = performance.now();
    const newcomer = world.startDownload(seeders[0]!.link, film, []);
    for (const download of [running, newcomer]) await download.finish();
    return { tries: 1, recoveryMs: [running.longestPauseMs(faultMs), newcomer.longestPauseMs(faultMs)] };
  },
};

/** A tracker that is dead, or that takes connections and says nothing; another one lives. */
const oneOfSeveral = (name: string, fault: string, signal: "SIGKILL" | "SIGSTOP"): Scenario => ({
  name,
  fault,
  async run(world: World): Promise<Facts> {
    const bytes = world.isLong ? 48 * MIB : 8 * MIB;
    const trackers = await Promise.all(Array.from({ length: 3 }, () => world.startTracker()));
    const { film, addresses, seeders } = await share(world, trackers, 2, bytes);
    const running = world.startDownload(seeders[0]!.contentId, film, trackerFlags(addresses));
    await running.whenVerified(world.between(1, bytes / 2));
    const faultMs = performance.now();
    for (const tracker of world.prng.shuffle(trackers).slice(1)) tracker.process.signal(signal);
    const newcomer = world.startDownload(seeders[0]!.contentId, film, trackerFlags(addresses));
    const newSeeder = await world.startSeeder(film, addresses, ["--upload-limit", "2M"]);
    const servingMs = performance.now() - faultMs;
    for (const download of [running, newcomer]) await download.finish();
    newSeeder.process.signal("SIGTERM");
    expect((await newSeeder.process.waitForExit()).code, newSeeder.process.transcript()).toBe(0);
    return { tries: 2, recoveryMs: [running.longestPauseMs(faultMs), newcomer.longestPauseMs(faultMs), servingMs] };
  },
});

export const trackersKilled = oneOfSeveral("trackers-killed", "two of three trackers killed -9; newcomers come", "SIGKILL");
export const trackersStopped = oneOfSeveral("trackers-stopped", "two of three trackers stopped (SIGSTOP); newcomers come", "SIGSTOP");
