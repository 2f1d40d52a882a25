import type { Facts, Scenario } from "../scenario.js";
import { MIB, trackerFlags, type World } from "../world.js";

const AWAY_MS = 1_500;

/** There is no other: the download waits, and learns the new address from the tracker. */
export const seederRestarted: Scenario = {
  name: "seeder-restarted",
  fault: "the only seeder killed -9 and started again under a new port",
  async run(world: World): Promise<Facts> {
    const [bytes, kills] = world.isLong ? [64 * MIB, 5] : [10 * MIB, 2];
    const film = await world.newFile("film.bin", bytes);
    const tracker = await world.startTracker();
    const flags = ["--upload-limit", "4M"];
    let seeder = await world.startSeeder(film, [tracker.address], flags);
    const download = world.startDownload(seeder.contentId, film, trackerFlags([tracker.address]));
    const recoveryMs: number[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      const before = download.verifiedBytes;
      await download.whenVerified(Math.max(before + 1, world.between(before + 1, before + Math.floor((bytes - before) / 2))));
      seeder.process.signal("SIGKILL");
      await seeder.process.exited;
      await world.moment(AWAY_MS);
      const atDeath = download.verifiedBytes;
      seeder = await world.startSeeder(film, [tracker.address], flags);
      const backMs = performance.now();
      await download.whenVerified(atDeath + 1);
      recoveryMs.push(performance.now() - backMs);
    }
    await download.finish();
    return { tries: kills, recoveryMs };
  },
};
