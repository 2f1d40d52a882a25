import { makeFile } from "../measure/content.js";
import { LIMITED_UPLINK } from "./limited-uplink.js";
import { measureFloor } from "./measure-floor.js";
import { measureSwarm } from "./measure-swarm.js";
import type { Workload } from "./workload.js";

const FETCHERS = 6;

/** `bytes`: 256 MiB, but for trials. */
export const createLimitedUplinks = (bytes: number): Workload => ({
  name: "W3cap",
  title: "256 MiB, one seeder, six fetchers at once, every host sends at most 20 MiB/s",
  rivals: ["libtorrent", "aria2", "iperf3"],
  network: { hostCount: 1 + FETCHERS, shape: LIMITED_UPLINK },
  storage: "ram",
  spaceBytes: (1 + FETCHERS) * bytes,
  figures: [{ key: "seederSentTimes", header: "seeder sent x file", digits: 2 }],
  makeContent: (folder) => makeFile(folder, "w3cap.bin", bytes),
  measure: (system, setup) => measureSwarm(system, setup, { seeders: 1, fetchers: FETCHERS }),
  measureFloor: (setup) => measureFloor(setup, 1, 1),
});
