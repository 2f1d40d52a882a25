import type { Fault } from "../simulation.js";
import { several } from "../swarm-plan.js";
import { crowd, everyoneFinishes } from "./crowd.js";
import { none, type Scenario } from "./scenario.js";

/** Every seed but the first goes silent when the first peer holds 99 %. */
const vanish: Fault = {
  isDue: ({ leechers, geometry }) => {
    const pieces = geometry.totalBytes / geometry.pieceLength;
    return leechers.some(({ disk }) => disk.stored.count * 100 >= pieces * 99);
  },
  strike: ({ nodes }) => {
    for (const node of nodes.slice(1)) if (node.setup.isSeed) node.crash(false);
  },
};

export const vanishAt99: Scenario = {
  name: "vanish-at-99",
  summary: "of a tenth as many seeds as peers, all but one go silent when the first peer holds 99 %",
  run(laboratory) {
    const seeds = [{}, ...several(Math.ceil(laboratory.peers / 10))];
    const result = laboratory.run(crowd(laboratory, "vanish at 99 %", { seeds, faults: [vanish] }));
    return [everyoneFinishes(result), none("downloads that failed", result.failed)];
  },
};
