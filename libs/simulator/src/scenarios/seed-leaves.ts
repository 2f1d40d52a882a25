import type { Fault } from "../simulation.js";
import { crowd, everyoneFinishes } from "./crowd.js";
import type { Scenario } from "./scenario.js";

const leaves: Fault = {
  isDue: ({ nodes, geometry }) => nodes[0]!.host.sentBytes * 10 >= geometry.totalBytes * 11,
  strike: ({ nodes }) => nodes[0]!.crash(true),
};

export const seedLeaves: Scenario = {
  name: "seed-leaves",
  summary: "the only seed is gone once it has sent 1.1 times the content",
  run: (laboratory) => [everyoneFinishes(laboratory.run(crowd(laboratory, "seed leaves", { faults: [leaves] })))],
};
