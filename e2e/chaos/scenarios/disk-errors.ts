import { copyFile } from "node:fs/promises";
import { GrpcCode } from "@piecewise/base";
import { type DiskFault, FaultyDisk } from "@piecewise/piece-store/testing";
import { expect } from "vitest";
import { PlainClient } from "../../plain-grpc.js";
import type { Facts, Scenario } from "../scenario.js";
import { MIB, trackerFlags, type World } from "../world.js";

/** What was verified and not yet in the journal when the disk failed. */
const UNRECORDED_MAX_BYTES = 4 * MIB;

/** What fails, and whether only at the end, when everything is stored. */
const FAULTS: readonly { readonly fault: DiskFault; readonly code: string; readonly isLate?: boolean }[] = [
  { fault: { call: "write", path: "/content", code: "EIO" }, code: "STORAGE_FAILED" },
  { fault: { call: "write", path: "/content", code: "ENOSPC" }, code: "DISK_FULL" },
  { fault: { call: "write", path: "/journal", code: "EIO" }, code: "STORAGE_FAILED" },
  { fault: { call: "fdatasync", path: "/content", code: "EIO" }, code: "STORAGE_FAILED", isLate: true },
  { fault: { call: "link", path: "/copy", code: "EIO" }, code: "STORAGE_FAILED", isLate: true },
  { fault: { call: "fsync", code: "EIO" }, code: "STORAGE_FAILED", isLate: true },
];

const READ_FAULT: DiskFault = { call: "read", code: "EIO" };

/** The disk of a fetcher fails; then that of a seeder, when it reads. */
export const diskErrors: Scenario = {
  name: "disk-errors",
  fault: "the disk returns errors (EIO, ENOSPC) when a fetcher writes, syncs or names, or when a seeder reads",
  async run(world: World): Promise<Facts> {
    const bytes = world.isLong ? 24 * MIB : 6 * MIB;
    const film = await world.newFile("film.bin", bytes);
    const tracker = await world.startTracker();
    const seeder = await world.startSeeder(film, [tracker.address], ["--upload-limit", "8M"]);
    const flags = ["--peer", seeder.address, "--listen", "127.0.0.1:0"];
    const faults = world.isLong ? FAULTS : world.prng.shuffle([...FAULTS]).slice(0, 2);
    const recoveryMs: number[] = [];
    for (const { fault, code, isLate = false } of faults) {
      const place = await world.newFolder("disk");
      const output = `${place}/copy`;
      const orders = world.newPath("orders");
      using disk = new FaultyDisk(place, orders);
      const failing = world.startDownload(seeder.contentId, film, flags, { output, env: FaultyDisk.environment(orders) });
      if (!isLate) await failing.whenVerified(world.between(1, bytes / 2));
      disk.set([fault]);
      await failing.failsWith(5, code);
      disk.set([]);
      const startedMs = performance.now();
      const next = world.startDownload(seeder.contentId, film, flags, { output, env: FaultyDisk.environment(orders) });
      const { resumedBytes } = await next.finish();
      expect(Number(resumedBytes), next.process.transcript()).toBeGreaterThanOrEqual(isLate ? bytes : failing.verifiedBytes - UNRECORDED_MAX_BYTES);
      if (!isLate) recoveryMs.push(next.firstPieceMs() - startedMs);
    }

    const place = await world.newFolder("disk");
    await copyFile(film, `${place}/film.bin`);
    const orders = world.newPath("orders");
    using disk = new FaultyDisk(place, orders);
    const ill = await world.startSeeder(`${place}/film.bin`, [tracker.address], ["--upload-limit", "2M"], { env: FaultyDisk.environment(orders) });
    disk.set([READ_FAULT]);
    using client = new PlainClient(ill.address);
    const { refusal } = await client.readStream("piecewise.v1.PeerService", "GetPiece", { contentId: ill.contentId, pieceIndex: 0 });
    expect(refusal).toMatchObject({ code: GrpcCode.DATA_LOSS, reason: "PIECE_DAMAGED" });
    disk.set([]);
    const download = world.startDownload(ill.contentId, film, trackerFlags([tracker.address]));
    await download.whenVerified(world.between(1, bytes / 2));
    const faultMs = performance.now();
    disk.set([READ_FAULT]);
    await download.finish();
    recoveryMs.push(download.longestPauseMs(faultMs));
    // It is there as before, and ends as it is told.
    expect(ill.process.exitCode, ill.process.transcript()).toBeUndefined();
    ill.process.signal("SIGTERM");
    expect((await ill.process.waitForExit()).code, ill.process.transcript()).toBe(0);
    return { tries: faults.length + 1, recoveryMs };
  },
};
