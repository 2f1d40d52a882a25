import { dirname, join } from "node:path";
import { makeFile } from "../measure/content.js";
import { LIMITED_UPLINK } from "./limited-uplink.js";
import { measureFloor } from "./measure-floor.js";
import { measureSwarm } from "./measure-swarm.js";
import type { Workload } from "./workload.js";

const HONEST_SEEDERS = 2;
const NAME = "w6cap.bin";
/** The folder of what the liar has under the same name. */
const WRONG = "wrong";

/** `bytes`: 256 MiB, but for trials. */
export const createWrongBytes = (bytes: number): Workload => ({
  name: "W6cap",
  title: "256 MiB, three seeders that send at most 20 MiB/s, one of them wrong bytes, one fetcher",
  rivals: ["libtorrent", "aria2", "iperf3"],
  network: { hostCount: 1 + HONEST_SEEDERS + 1, shape: LIMITED_UPLINK },
  storage: "ram",
  spaceBytes: 3 * bytes,
  figures: [{ key: "wastedMib", header: "sent beyond the file MiB", digits: 1 }],
  makeContent(folder) {
    makeFile(join(folder, WRONG), NAME, bytes, "wrong bytes");
    return makeFile(folder, NAME, bytes);
  },
  measure: (system, setup) =>
    measureSwarm(system, setup, { wrongPath: join(dirname(setup.content.path), WRONG, NAME), seeders: HONEST_SEEDERS, fetchers: 1 }),
  measureFloor: (setup) => measureFloor(setup, HONEST_SEEDERS, 1),
});
