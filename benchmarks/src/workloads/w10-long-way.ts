import { makeFile } from "../measure/content.js";
import type { Shape } from "../measure/network.js";
import { measureFloor } from "./measure-floor.js";
import { measureSwarm } from "./measure-swarm.js";
import type { Sample, Workload } from "./workload.js";

/** On both sides, so that the round trip is twice the delay. */
const LINK: Shape = { bytesPerSecond: 125_000_000, delayMs: 25 };
/** One cannot fill the link with the buffers that a kernel allows by default. */
const FLOOR_CONNECTIONS = 4;

/** `bytes`: 1 GiB, but for trials. */
export const createLongWay = (bytes: number): Workload => ({
  name: "W10",
  title: "1 GiB, one seeder, one fetcher, 1 Gbit/s, round trip 50 ms",
  rivals: ["libtorrent", "aria2", "iperf3"],
  network: { hostCount: 2, shape: LINK },
  storage: "ram",
  spaceBytes: 2 * bytes,
  figures: [{ key: "linkPercent", header: "% of the link", digits: 1 }],
  makeContent: (folder) => makeFile(folder, "w10.bin", bytes),
  measure: async (system, setup) => withLinkShare(await measureSwarm(system, setup, { seeders: 1, fetchers: 1 }), bytes),
  measureFloor: async (setup) => withLinkShare(await measureFloor(setup, 1, FLOOR_CONNECTIONS), bytes),
});

const withLinkShare = (sample: Sample, bytes: number): Sample => ({
  ...sample,
  figures: { linkPercent: (100 * bytes) / sample.seconds / LINK.bytesPerSecond },
});
