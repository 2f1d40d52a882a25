import type { Facts, Scenario } from "../scenario.js";
import { MIB, trackerFlags, type World } from "../world.js";

/** Within which the faults follow each other. */
const BETWEEN_MS = 400;

export const seedersKilled: Scenario = {
  name: "seeders-killed",
  fault: "all seeders but one killed -9",
  async run(world: World): Promise<Facts> {
    const [bytes, count] = world.isLong ? [64 * MIB, 6] : [16 * MIB, 4];
    const film = await world.newFile("film.bin", bytes);
    const tracker = await world.startTracker();
    const seeders = await world.startSeeders(count, film, [tracker.address], ["--upload-limit", "3M"]);
    const download = world.startDownload(seeders[0]!.contentId, film, trackerFlags([tracker.address]));
    await download.whenVerified(world.between(1, bytes / 3));
    const faultMs = performance.now();
    for (const seeder of world.prng.shuffle(seeders).slice(1)) {
      seeder.process.signal("SIGKILL");
      await world.moment(BETWEEN_MS);
    }
    await download.finish();
    return { tries: count - 1, recoveryMs: [download.longestPauseMs(faultMs)] };
  },
};
