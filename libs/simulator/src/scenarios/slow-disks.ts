import { MIB } from "@piecewise/base";
import { type NodePlan, several } from "../swarm-plan.js";
import { crowd, everyoneFinishes } from "./crowd.js";
import { none, type Scenario } from "./scenario.js";

const SLOW_BYTES_PER_SECOND = 10 * MIB;

const everyFourthIsSlow = (index: number): NodePlan => (index % 4 === 0 ? { diskBytesPerSecond: SLOW_BYTES_PER_SECOND } : {});

export const slowDisks: Scenario = {
  name: "slow-disks",
  summary: "every fourth disk hashes and writes 10 MiB a second, less than the network brings",
  run(laboratory) {
    const result = laboratory.run(crowd(laboratory, "slow disks", { others: several(laboratory.peers, everyFourthIsSlow) }));
    return [everyoneFinishes(result), none("downloads that failed", result.failed)];
  },
};
