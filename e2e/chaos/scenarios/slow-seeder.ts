import { expect } from "vitest";
import type { Facts, Scenario } from "../scenario.js";
import { MIB, trackerFlags, type World } from "../world.js";

const RATE = 2 * MIB;

/** The end must not wait for the last pieces of the slow one. */
export const slowSeeder: Scenario = {
  name: "slow-seeder",
  fault: "one of three seeders sends 10 KiB/s",
  async run(world: World): Promise<Facts> {
    const bytes = world.isLong ? 64 * MIB : 16 * MIB;
    const film = await world.newFile("film.bin", bytes);
    const tracker = await world.startTracker();
    await world.startSeeder(film, [tracker.address], ["--upload-limit", "10K"]);
    const [fast] = await world.startSeeders(2, film, [tracker.address], ["--upload-limit", String(RATE)]);
    const startedMs = performance.now();
    const download = world.startDownload(fast!.contentId, film, trackerFlags([tracker.address]));
    await download.finish();
    const seconds = (performance.now() - startedMs) / 1000;
    const alone = bytes / (2 * RATE);
    expect(seconds).toBeLessThan(2 * alone + 2);
    return { tries: 1, recoveryMs: [download.longestPauseMs(startedMs)], figures: { "time / time of the other two at their rate": seconds / alone } };
  },
};
