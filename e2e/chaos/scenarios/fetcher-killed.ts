import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { startCountingProxy } from "../../counting-proxy.js";
import { hiddenFolder, recordsOf } from "../../unfinished-download.js";
import type { Facts, Scenario } from "../scenario.js";
import { KIB, MIB, type World } from "../world.js";

const PIECE_BYTES = 256 * KIB;
const TWICE_MAX_BYTES = 4 * MIB;
/** In which a peer starts, and looks at what is there. */
const START_MS = 600;
/** Of the content, before the last run. */
const KILLED_SHARE = 0.6;

/** What comes through the proxy counts: what lay in buffers of the system when the fetcher died was received, too. */
export const fetcherKilled: Scenario = {
  name: "fetcher-killed",
  fault: "fetcher killed -9 and run again, at 20 MiB/s",
  async run(world: World): Promise<Facts> {
    const [bytes, kills] = world.isLong ? [1024 * MIB, 50] : [256 * MIB, 10];
    const film = await world.newFile("film.bin", bytes);
    const tracker = await world.startTracker();
    const seeder = await world.startSeeder(film, [tracker.address], ["--piece-length", String(PIECE_BYTES)]);
    await using proxy = await startCountingProxy(seeder.address);
    const place = await world.newFolder("place");
    const flags = ["--peer", proxy.address, "--listen", "127.0.0.1:0", "--download-limit", "20M"];

    const recoveryMs: number[] = [];
    const twice: number[] = [];
    let stored = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const passedBefore = proxy.passedBytes;
      const startedMs = performance.now();
      const download = world.startDownload(seeder.contentId, film, flags, { output: `${place}/copy` });
      // Now and then while it starts, otherwise while it receives.
      if (world.prng.below(5) === 0) await world.moment(START_MS);
      else await Promise.race([proxy.whenPassed(passedBefore + world.between(1, Math.floor((2 * KILLED_SHARE * bytes) / kills))), download.process.exited]);
      download.process.signal("SIGKILL");
      await download.process.exited;
      expect(download.process.stderr, download.process.transcript()).toEqual([]);

      const resumed = download.process.events.find(({ phase }) => phase === "downloading");
      if (resumed !== undefined) expect(resumed["resumedBytes"], download.process.transcript()).toBe(stored);
      recoveryMs.push(download.firstPieceMs() - startedMs);
      const storedNow = await storedBytes(place);
      twice.push(proxy.passedBytes - passedBefore - (storedNow - stored));
      stored = storedNow;
    }
    const last = world.startDownload(seeder.contentId, film, flags, { output: `${place}/copy` });
    expect((await last.finish())["resumedBytes"]).toBe(stored);
    expect(Math.max(...twice)).toBeLessThanOrEqual(TWICE_MAX_BYTES);
    return { tries: kills, recoveryMs: recoveryMs.filter(Number.isFinite), figures: { "most MiB fetched twice for a kill": Math.max(...twice) / MIB } };
  },
};

/** What the journal of the unfinished download says. */
async function storedBytes(place: string): Promise<number> {
  const journal = await readFile(`${await hiddenFolder(place)}/journal`).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return undefined; // It was killed before it began.
  });
  return journal === undefined ? 0 : recordsOf(journal).length * PIECE_BYTES;
}
