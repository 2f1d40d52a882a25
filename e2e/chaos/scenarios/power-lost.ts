import { DiskModel, FaultyDisk } from "@piecewise/piece-store/testing";
import { expect } from "vitest";
import { wrongBytes } from "../wrong-bytes.js";
import type { Facts, Scenario } from "../scenario.js";
import { MIB, type World } from "../world.js";

const NAME = "copy";

/** The disk is a model of one: what was done to a real folder is done to it, and what it has left is where the next run goes on. */
export const powerLost: Scenario = {
  name: "power-lost",
  fault: "the power cut at a random moment: what was not synced is lost, torn, zeroed, or there; run again on what is left",
  async run(world: World): Promise<Facts> {
    const [bytes, cuts] = world.isLong ? [12 * MIB, 16] : [3 * MIB, 2];
    const film = await world.newFile("film.bin", bytes);
    const seeder = await world.startSeeder(film, [(await world.startTracker()).address], ["--upload-limit", "8M"]);
    const flags = ["--peer", seeder.address, "--listen", "127.0.0.1:0"];

    let model = new DiskModel();
    const recoveryMs: number[] = [];
    let resumed = 0;
    for (let cut = 0; cut < cuts; cut += 1) {
      const place = await world.newFolder("disk");
      model.writeTo(place);
      const orders = world.newPath("orders");
      using disk = new FaultyDisk(place, orders);
      const startedMs = performance.now();
      const download = world.startDownload(seeder.contentId, film, flags, { output: `${place}/${NAME}`, env: FaultyDisk.environment(orders) });
      const toTheEnd = world.prng.below(4) === 0;
      if (toTheEnd) await download.finish();
      else await Promise.race([download.whenVerified(world.between(1, bytes)), download.process.exited]);
      download.process.signal("SIGKILL");
      await download.process.exited;
      recoveryMs.push(download.firstPieceMs() - startedMs);
      resumed += Number(download.process.events.find(({ phase }) => phase === "downloading")?.["resumedBytes"] ?? 0);

      const calls = disk.calls();
      // The system writes back everything now and then.
      const writtenBack = world.prng.below(calls.length + 1);
      for (const [index, call] of calls.entries()) {
        if (index === writtenBack) model.writeBack();
        model.apply(call, place);
      }
      model.cutPower(world.prng);
      if (download.process.exitCode !== 0) continue;
      // It was finished: there it is. The next one begins anew.
      const kept = await world.newFolder("kept");
      model.writeTo(kept);
      const lost = await wrongBytes(`${kept}/${NAME}`, film);
      world.lostBytes += lost;
      expect(lost).toBe(0);
      model = new DiskModel();
    }
    const place = await world.newFolder("disk");
    model.writeTo(place);
    await world.startDownload(seeder.contentId, film, flags, { output: `${place}/${NAME}` }).finish();
    return { tries: cuts, recoveryMs: recoveryMs.filter(Number.isFinite), figures: { "MiB that were still there, all runs together": resumed / MIB } };
  },
};
