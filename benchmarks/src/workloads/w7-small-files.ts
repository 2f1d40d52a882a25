import { KIB } from "@piecewise/base";
import { makeTree } from "../measure/content.js";
import { measureSwarm } from "./measure-swarm.js";
import type { Workload } from "./workload.js";

const FILE_BYTES = 16 * KIB;

/** `files`: 2,000, but for trials. */
export const createSmallFiles = (files: number): Workload => ({
  name: "W7",
  title: "2,000 files of 16 KiB, one seeder, one fetcher",
  rivals: ["libtorrent", "aria2", "rsync"],
  network: { hostCount: 2, shape: undefined },
  storage: "ram",
  spaceBytes: 2 * files * FILE_BYTES,
  figures: [],
  makeContent: (folder) => makeTree(folder, "w7", files, FILE_BYTES),
  measure: (system, setup) => measureSwarm(system, setup, { seeders: 1, fetchers: 1 }),
});
