import { makeFile } from "../measure/content.js";
import { measureSwarm } from "./measure-swarm.js";
import type { Workload } from "./workload.js";

const FETCHERS = 6;

/** `bytes`: 256 MiB, but for trials. */
export const createOneToMany = (bytes: number): Workload => ({
  name: "W3",
  title: "256 MiB, one seeder, six fetchers at once, until the last has finished",
  rivals: ["libtorrent", "aria2"],
  network: { hostCount: 1 + FETCHERS, shape: undefined },
  storage: "ram",
  spaceBytes: (1 + FETCHERS) * bytes,
  figures: [],
  makeContent: (folder) => makeFile(folder, "w3.bin", bytes),
  measure: (system, setup) => measureSwarm(system, setup, { seeders: 1, fetchers: FETCHERS }),
});
