import { expect } from "vitest";
import type { Facts, Scenario } from "../scenario.js";
import { MIB, trackerFlags, type World } from "../world.js";

/** Its connection stays open, and nothing comes through it. */
export const seederStopped: Scenario = {
  name: "seeder-stopped",
  fault: "a seeder stopped (SIGSTOP) while it sends",
  async run(world: World): Promise<Facts> {
    const bytes = world.isLong ? 64 * MIB : 20 * MIB;
    const film = await world.newFile("film.bin", bytes);
    const tracker = await world.startTracker();
    const seeders = await world.startSeeders(3, film, [tracker.address], ["--upload-limit", "3M"]);
    const download = world.startDownload(seeders[0]!.contentId, film, trackerFlags([tracker.address]));
    await download.whenVerified(world.between(1, bytes / 2));
    const faultMs = performance.now();
    const [stopped] = world.prng.shuffle(seeders) as [(typeof seeders)[number]];
    stopped.process.signal("SIGSTOP");
    const { peers } = (await download.finish()) as unknown as { peers: { address: string; bytes: number }[] };
    const given = peers.find(({ address }) => address === stopped.address)?.bytes ?? 0;
    // Its pieces have gone elsewhere.
    expect(given).toBeLessThan(bytes / 2);
    return { tries: 1, recoveryMs: [download.longestPauseMs(faultMs)] };
  },
};
