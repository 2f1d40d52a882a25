import { copyFile, open, rename, rm, stat, truncate, utimes } from "node:fs/promises";
import type { Facts, Scenario } from "../scenario.js";
import { KIB, MIB, trackerFlags, type World } from "../world.js";

const WITHIN_MS = 1_500;

/** What can happen to a file while it is shared. */
const DAMAGES: readonly ((world: World, path: string, bytes: number) => Promise<void>)[] = [
  (_, path) => rm(path),
  (world, path, bytes) => truncate(path, world.between(0, bytes - 1)),
  async (world, path, bytes) => rename(await world.newFile("other.bin", bytes), path),
  async (world, path, bytes) => {
    await using file = await open(path, "r+");
    await file.write(Buffer.alloc(world.between(1, 64 * KIB)), 0, undefined, bytes);
  },
  // Bits that rot: neither size nor times tell of it.
  async (world, path, bytes) => {
    const { atime, mtime } = await stat(path);
    await using file = await open(path, "r+");
    for (let bit = 0; bit < 20; bit += 1) {
      const offset = world.prng.below(bytes);
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset);
      await file.write(Buffer.of(buffer[0]! ^ (1 << world.prng.below(8))), 0, 1, offset);
    }
    await utimes(path, atime, mtime);
  },
];

/** Each seeder has a copy of its own; one copy stays as it is. */
export const fileDamaged: Scenario = {
  name: "file-damaged",
  fault: "the file deleted, truncated, replaced, grown or rotten under a seeder, while another serves",
  async run(world: World): Promise<Facts> {
    const bytes = world.isLong ? 64 * MIB : 24 * MIB;
    const film = await world.newFile("film.bin", bytes);
    const tracker = await world.startTracker();
    const flags = ["--upload-limit", "2M"];
    const good = await world.startSeeder(film, [tracker.address], flags);
    const copies = await Promise.all(
      DAMAGES.map(async () => {
        const copy = world.newPath("film.bin");
        await copyFile(film, copy);
        await world.startSeeder(copy, [tracker.address], flags);
        return copy;
      }),
    );
    const download = world.startDownload(good.contentId, film, trackerFlags([tracker.address]));
    await download.whenVerified(world.between(1, bytes / 4));
    const faultMs = performance.now();
    for (const [index, damage] of world.prng.shuffle([...DAMAGES.entries()])) {
      await damage(world, copies[index]!, bytes);
      await world.moment(WITHIN_MS / DAMAGES.length);
    }
    await download.finish();
    return { tries: DAMAGES.length, recoveryMs: [download.longestPauseMs(faultMs)] };
  },
};
