import { makeFile } from "../measure/content.js";
import { measureSwarm } from "./measure-swarm.js";
import type { Workload } from "./workload.js";

/** `bytes`: 1 GiB, but for trials. */
export const createOneToOne = (bytes: number): Workload => ({
  name: "W1",
  title: "1 GiB, one seeder, one fetcher",
  rivals: ["libtorrent", "aria2", "curl"],
  network: { hostCount: 2, shape: undefined },
  storage: "ram",
  spaceBytes: 2 * bytes,
  figures: [{ key: "anonymousMib", header: "anonymous MiB", digits: 0 }],
  makeContent: (folder) => makeFile(folder, "w1.bin", bytes),
  measure: (system, setup) => measureSwarm(system, setup, { seeders: 1, fetchers: 1 }),
});
