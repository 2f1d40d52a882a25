import { makeFile } from "../measure/content.js";
import { measureSwarm } from "./measure-swarm.js";
import type { Workload } from "./workload.js";

const SEEDERS = 4;

/** `bytes`: 1 GiB, but for trials. */
export const createManyToOne = (bytes: number): Workload => ({
  name: "W2",
  title: "1 GiB, four seeders, one fetcher",
  rivals: ["libtorrent", "aria2"],
  network: { hostCount: SEEDERS + 1, shape: undefined },
  storage: "ram",
  spaceBytes: 2 * bytes,
  figures: [],
  makeContent: (folder) => makeFile(folder, "w2.bin", bytes),
  measure: (system, setup) => measureSwarm(system, setup, { seeders: SEEDERS, fetchers: 1 }),
});
