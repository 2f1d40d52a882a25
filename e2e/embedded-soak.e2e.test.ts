import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KIB, parseHostPort } from "@piecewise/base";
import { startPeerNode } from "@piecewise/peer-node";
import { startTrackerNode } from "@piecewise/tracker-node";
import { expect, test } from "vitest";
import { hashFile, writeTestFile } from "./test-files.js";
import { openTempFolder } from "./temp-folder.js";

/** In the first hundred downloads V8 compiles what they take, some 2 MiB, which is kept. */
const [WARM_UP, DOWNLOADS] = [60, 120];
const SETTLE_MAX_MS = 20_000;
const LOOK_MS = 50;
/** For each download; a peer that is kept, or a connection, is much more. */
const HEAP_GROWTH_MAX_BYTES = 32 * KIB;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** Timers, sockets and all else that is under way in this process, by kind. */
function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Resolves when there are no more of any kind than these. There may be fewer: a connection by which the tracker found the seeder may have been closing. */
async function whenNoMoreThan(before: ReadonlyMap<string, number>): Promise<void> {
  const more = (): string[] => [...countResources()].filter(([kind, count]) => count > (before.get(kind) ?? 0)).map(([kind]) => kind);
  const untilMs = performance.now() + SETTLE_MAX_MS;
  while (more().length > 0 && performance.now() < untilMs) await sleep(LOOK_MS);
  expect(more()).toEqual([]);
}

test("downloads leave neither timers nor sockets nor memory behind, at the tracker, at the seeder, or at themselves", { timeout: 60_000 }, async () => {
  await using folder = await openTempFolder();
  const film = folder.join("film.bin");
  await writeTestFile(film, 600 * KIB);
  const original = await hashFile(film);
  await using tracker = await startTrackerNode({ listen: parseHostPort("127.0.0.1:0", "the address"), leaseMs: 5_000 });
  await using seeder = await startPeerNode({ trackers: [tracker.address] });
  const shared = await seeder.share(film);
  const fetch = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += 1) {
      await using fetcher = await startPeerNode({ trackers: [tracker.address] });
      const { path } = await fetcher.download({ contentId: shared.contentId, name: `${count} ${done}` }, { output: join(folder.path, `${count} ${done}`) });
      expect(await hashFile(path)).toBe(original);
    }
  };
  const idle = countResources();
  await fetch(WARM_UP);
  await whenNoMoreThan(idle);
  const heap = heapBytes();
  await fetch(DOWNLOADS);
  await whenNoMoreThan(idle);
  expect((heapBytes() - heap) / DOWNLOADS).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
});
