import { expect } from "vitest";
import { Namespace } from "../namespace.js";
import type { Facts, Scenario } from "../scenario.js";
import { MIB, type World } from "../world.js";

const RATE = "8M";
/** What was verified and not yet in the journal when the disk was full. */
const UNRECORDED_MAX_BYTES = 4 * MIB;

const tmpfs = async (world: World, namespace: Namespace, bytes: number): Promise<string> => {
  const folder = await world.newFolder("disk");
  await namespace.run("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder);
  return folder;
};

async function startSharing(world: World, bytes: number) {
  const film = await world.newFile("film.bin", bytes);
  const tracker = await world.startTracker();
  const seeder = await world.startSeeder(film, [tracker.address], ["--upload-limit", RATE]);
  return { film, id: seeder.contentId, flags: ["--peer", seeder.address, "--listen", "127.0.0.1:0"] };
}

export const diskFull: Scenario = {
  name: "disk-full",
  fault: "the disk full during a download; run again when there is room",
  needs: "namespaces",
  async run(world: World): Promise<Facts> {
    const [bytes, tries] = world.isLong ? [48 * MIB, 4] : [12 * MIB, 1];
    const { film, id, flags } = await startSharing(world, bytes);
    await using namespace = await Namespace.open();
    const folder = await tmpfs(world, namespace, 2 * bytes);
    const place = { output: `${folder}/copy`, root: namespace.root, enter: namespace.enterMounts };
    const recoveryMs: number[] = [];
    let seen = 0;
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const download = world.startDownload(id, film, flags, place);
      await download.whenVerified(world.between(seen + 1, seen + Math.floor(bytes / (2 * tries))));
      await namespace.run("sh", "-c", `! dd if=/dev/zero of=${folder}/ballast bs=64k status=none 2>&1`);
      await download.failsWith(5, "DISK_FULL");
      seen = download.verifiedBytes;
      await namespace.run("rm", `${folder}/ballast`);
    }
    const startedMs = performance.now();
    const last = world.startDownload(id, film, flags, place);
    expect(Number((await last.finish())["resumedBytes"])).toBeGreaterThanOrEqual(seen - UNRECORDED_MAX_BYTES);
    recoveryMs.push(last.firstPieceMs() - startedMs);
    return { tries, recoveryMs };
  },
};

export const diskReadOnly: Scenario = {
  name: "disk-read-only",
  fault: "the disk read-only when a download is run again, then writable again",
  needs: "namespaces",
  async run(world: World): Promise<Facts> {
    const bytes = world.isLong ? 32 * MIB : 8 * MIB;
    const { film, id, flags } = await startSharing(world, bytes);
    await using namespace = await Namespace.open();
    const folder = await tmpfs(world, namespace, 2 * bytes);
    const place = { output: `${folder}/copy`, root: namespace.root, enter: namespace.enterMounts };
    const first = world.startDownload(id, film, flags, place);
    await first.whenVerified(world.between(1, bytes / 2));
    first.process.signal("SIGKILL");
    await first.process.exited;
    await namespace.run("mount", "-o", "remount,ro", folder);
    await world.startDownload(id, film, flags, place).failsWith(5, "PATH_NOT_WRITABLE");
    await namespace.run("mount", "-o", "remount,rw", folder);
    const startedMs = performance.now();
    const last = world.startDownload(id, film, flags, place);
    expect(Number((await last.finish())["resumedBytes"])).toBeGreaterThan(0);
    return { tries: 1, recoveryMs: [last.firstPieceMs() - startedMs] };
  },
};
