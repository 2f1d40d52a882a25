import { makeSparseFile } from "../measure/content.js";
import { measureSwarm } from "./measure-swarm.js";
import type { Workload } from "./workload.js";

/** `bytes`: 16 GiB, but for trials. */
export const createMemory = (bytes: number): Workload => ({
  name: "memory",
  title: "16 GiB on disk, one seeder, one fetcher: memory that does not grow with the file",
  isLong: true,
  rivals: ["libtorrent", "aria2"],
  network: { hostCount: 2, shape: undefined },
  storage: "disk",
  // The source is sparse.
  spaceBytes: 1.1 * bytes,
  figures: [{ key: "anonymousMib", header: "anonymous MiB", digits: 0 }],
  makeContent: (folder) => makeSparseFile(folder, "memory.bin", bytes),
  measure: (system, setup) => measureSwarm(system, setup, { seeders: 1, fetchers: 1 }),
});
