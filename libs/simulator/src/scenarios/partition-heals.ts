import { atTime, crowd, everyoneFinishes, inTheMidst } from "./crowd.js";
import { none, type Scenario } from "./scenario.js";

const SPLIT_AFTER_US = 4_000_000;
const SPLIT_US = 20_000_000;

export const partitionHeals: Scenario = {
  name: "partition-heals",
  summary: "for 20 s every other peer is cut off from the seed and the rest",
  run(laboratory) {
    const splitAtUs = inTheMidst(laboratory, SPLIT_AFTER_US);
    const split = atTime(splitAtUs, ({ nodes, network }) => {
      for (const node of nodes) node.host.side = node.index % 2;
      network.splitUntil(splitAtUs + SPLIT_US);
    });
    const result = laboratory.run(crowd(laboratory, "partition", { faults: [split] }));
    return [everyoneFinishes(result), none("downloads that failed", result.failed)];
  },
};
