import { expect } from "vitest";
import type { Facts, Scenario } from "../scenario.js";
import { MIB, type Seeder, trackerFlags, type World } from "../world.js";

const BETWEEN_MS = 500;

export const rollingRestart: Scenario = {
  name: "rolling-restart",
  fault: "every seeder in turn ended (SIGTERM) and started again during a download",
  async run(world: World): Promise<Facts> {
    const [bytes, rounds] = world.isLong ? [96 * MIB, 3] : [24 * MIB, 1];
    const film = await world.newFile("film.bin", bytes);
    const tracker = await world.startTracker();
    const flags = ["--upload-limit", "1500K"];
    const seeders: Seeder[] = await world.startSeeders(3, film, [tracker.address], flags);
    const download = world.startDownload(seeders[0]!.contentId, film, trackerFlags([tracker.address]));
    await download.whenVerified(world.between(1, bytes / 8));
    const faultMs = performance.now();
    let restarts = 0;
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, old] of seeders.entries()) {
        if (download.verifiedBytes === bytes) break;
        restarts += 1;
        old.process.signal("SIGTERM");
        expect(await old.process.waitForExit(), old.process.transcript()).toEqual({ code: 0, signal: null });
        seeders[index] = await world.startSeeder(film, [tracker.address], flags);
        await world.moment(BETWEEN_MS);
      }
    }
    expect(restarts, "the download was over too soon").toBeGreaterThan(1);
    const { receivedBytes } = await download.finish();
    // Nobody takes it for a failure, and what was sent was not in vain.
    expect(download.process.stderr, download.process.transcript()).toEqual([]);
    const surplus = Number(receivedBytes) - bytes;
    return { tries: restarts, recoveryMs: [download.longestPauseMs(faultMs)], figures: { "MiB received in vain": surplus / MIB } };
  },
};
