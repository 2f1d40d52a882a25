import { makeFile } from "../measure/content.js";
import { whenAllocated } from "../measure/allocated-bytes.js";
import { measureSwarm } from "./measure-swarm.js";
import type { Workload } from "./workload.js";

const SEEDERS = 4;
const KILLED_AT = 0.4;

/** `bytes`: 1 GiB, but for trials. */
export const createSeedersKilled = (bytes: number): Workload => ({
  name: "W4",
  title: "1 GiB, four seeders, one fetcher; three seeders are killed when 40 % is on disk",
  rivals: ["libtorrent", "aria2"],
  network: { hostCount: SEEDERS + 1, shape: undefined },
  storage: "ram",
  spaceBytes: 2 * bytes,
  figures: [],
  makeContent: (folder) => makeFile(folder, "w4.bin", bytes),
  measure: (system, setup) =>
    measureSwarm(system, setup, {
      seeders: SEEDERS,
      fetchers: 1,
      async disturb(seeders, fetchers) {
        await whenAllocated(setup.outputFolder, KILLED_AT * bytes, fetchers[0]!.process);
        const victims = seeders.slice(1);
        for (const victim of victims) victim.kill();
        await Promise.all(victims.map((victim) => victim.ended));
      },
    }),
});
