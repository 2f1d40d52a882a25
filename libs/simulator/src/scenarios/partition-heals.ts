import { CROWD_AT_US } from "../swarm-plan.js";
import { atTime, crowd, everyoneFinishes } from "./crowd.js";
import { none, type Scenario } from "./scenario.js";

const SPLIT_AT_US = CROWD_AT_US + 4_000_000;
const HEALS_AT_US = SPLIT_AT_US + 20_000_000;

export const partitionHeals: Scenario = {
  name: "partition-heals",
  summary: "for 20 s every other peer is cut off from the seed and the rest",
  run(laboratory) {
    const split = atTime(SPLIT_AT_US, ({ nodes, network }) => {
      for (const node of nodes) node.host.side = node.index % 2;
      network.splitUntil(HEALS_AT_US);
    });
    const result = laboratory.run(crowd(laboratory, "partition", { faults: [split] }));
    return [everyoneFinishes(result), none("downloads that failed", result.failed)];
  },
};
