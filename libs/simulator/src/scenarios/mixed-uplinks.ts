import { type NodePlan, several, UPLINK_BYTES_PER_SECOND } from "../swarm-plan.js";
import { crowd, everyoneFinishes, lastAgainstBound } from "./crowd.js";
import type { Scenario } from "./scenario.js";

/** In turn; the seed has the one in the middle. */
const FACTORS = [1 / 4, 1, 4];

const mixed = (index: number): NodePlan => ({ upBytesPerSecond: UPLINK_BYTES_PER_SECOND * FACTORS[index % FACTORS.length]! });

export const mixedUplinks: Scenario = {
  name: "mixed-uplinks",
  summary: "a third each has an uplink of 1, 4 and 16 parts; the seed is in the middle",
  run(laboratory) {
    const result = laboratory.run(crowd(laboratory, "mixed uplinks", { others: several(laboratory.peers, mixed) }));
    return [everyoneFinishes(result), lastAgainstBound(result, 1.2)];
  },
};
