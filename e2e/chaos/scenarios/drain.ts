import { expect } from "vitest";
import type { Facts, Scenario } from "../scenario.js";
import { KIB, MIB, trackerFlags, type World } from "../world.js";

/** For so long a seeder that is told to end goes on with what it sends, and then needs some time to end. */
const [DRAIN_MS, END_MS] = [5_000, 4_000];
const PIECE_BYTES = 4 * MIB;

/** One sends so slowly that its stream is not over in time; the stream of the other is. */
export const drain: Scenario = {
  name: "drain",
  fault: "seeders ended (SIGTERM) while they send: one can finish the stream in time, another cannot",
  async run(world: World): Promise<Facts> {
    const bytes = world.isLong ? 48 * MIB : 16 * MIB;
    const film = await world.newFile("film.bin", bytes);
    const tracker = await world.startTracker();
    const slow = await world.startSeeder(film, [tracker.address], sharing(200 * KIB));
    const quick = await world.startSeeder(film, [tracker.address], sharing(2 * MIB));
    await world.startSeeder(film, [tracker.address], sharing(2 * MIB));
    const download = world.startDownload(slow.contentId, film, trackerFlags([tracker.address]));
    await download.process.waitForEvent("progress", ({ connectedPeers, receivedBytes }) => connectedPeers === 3 && Number(receivedBytes) > MIB);
    await world.moment(500);
    const faultMs = performance.now();
    for (const { process } of [slow, quick]) process.signal("SIGTERM");
    for (const { process } of [slow, quick]) {
      expect(await process.waitForExit(), process.transcript()).toEqual({ code: 0, signal: null });
      expect(performance.now() - faultMs, process.transcript()).toBeLessThan(DRAIN_MS + END_MS);
    }
    const { receivedBytes } = await download.finish();
    // Nobody takes it for a failure.
    expect(download.process.stderr, download.process.transcript()).toEqual([]);
    const surplus = Number(receivedBytes) - bytes;
    return { tries: 2, recoveryMs: [download.longestPauseMs(faultMs)], figures: { "MiB received in vain": surplus / MIB } };
  },
};

const sharing = (rate: number): readonly string[] => ["--piece-length", String(PIECE_BYTES), "--upload-limit", String(rate)];
