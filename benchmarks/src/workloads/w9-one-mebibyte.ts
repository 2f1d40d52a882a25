import { MIB } from "@piecewise/base";
import { makeFile } from "../measure/content.js";
import { measureSwarm } from "./measure-swarm.js";
import type { Workload } from "./workload.js";

export const createOneMebibyte = (): Workload => ({
  name: "W9",
  title: "1 MiB, one seeder, one fetcher: the whole command",
  rivals: ["libtorrent", "aria2", "curl"],
  network: { hostCount: 2, shape: undefined },
  storage: "ram",
  spaceBytes: 2 * MIB,
  figures: [],
  makeContent: (folder) => makeFile(folder, "w9.bin", MIB),
  measure: (system, setup) => measureSwarm(system, setup, { seeders: 1, fetchers: 1 }),
});
