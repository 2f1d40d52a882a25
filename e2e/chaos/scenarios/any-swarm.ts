import type { Facts, Scenario } from "../scenario.js";
import { KIB, MIB, trackerFlags, type World } from "../world.js";

const PIECE_LENGTHS = [64 * KIB, 256 * KIB, MIB, 3_000_001, 16 * MIB, 64 * MIB];
const UPLOAD_LIMITS = [[], [], ["--upload-limit", "30M"]];
const DOWNLOAD_LIMITS = [[], [], ["--download-limit", "40M"]];
const PEERS_MAX = 4;

/** What runs into limits between parts depends on how many pieces, of which length, come from how many at once. */
export const anySwarm: Scenario = {
  name: "any-swarm",
  fault: "none: up to four seeders and four fetchers, pieces of 64 KiB to 64 MiB, with and without limits",
  async run(world: World): Promise<Facts> {
    const [swarms, bytesMax] = world.isLong ? [12, 128 * MIB] : [3, 24 * MIB];
    const recoveryMs: number[] = [];
    for (let swarm = 0; swarm < swarms; swarm += 1) recoveryMs.push(...(await runSwarm(world, world.between(1, bytesMax))));
    return { tries: swarms, recoveryMs };
  },
};

/** @returns the longest pause of each fetcher. */
async function runSwarm(world: World, bytes: number): Promise<number[]> {
  const pick = <Item>(items: readonly Item[]): Item => items[world.prng.below(items.length)]!;
  const film = await world.newFile("film.bin", bytes);
  const tracker = await world.startTracker();
  const flags = ["--piece-length", String(pick(PIECE_LENGTHS)), ...pick(UPLOAD_LIMITS)];
  const seeders = await world.startSeeders(world.between(1, PEERS_MAX), film, [tracker.address], flags);
  const limit = pick(DOWNLOAD_LIMITS);
  const startedMs = performance.now();
  const downloads = Array.from({ length: world.between(1, PEERS_MAX) }, () =>
    world.startDownload(seeders[0]!.contentId, film, [...trackerFlags([tracker.address]), ...limit]),
  );
  await Promise.all(downloads.map((download) => download.finish()));
  await Promise.all([...seeders, tracker].map(({ process }) => process.stop()));
  return downloads.map((download) => download.longestPauseMs(startedMs));
}
