import { createPrng } from "@piecewise/base";
import type { Fault } from "../simulation.js";
import { CROWD_AT_US } from "../swarm-plan.js";
import { atTime, crowd, everyoneFinishes } from "./crowd.js";
import { none, type Scenario } from "./scenario.js";

const EVERY_US = 500_000;
const TIMES = 40;

export const lostConnections: Scenario = {
  name: "lost-connections",
  summary: "twice a second for 20 s every twentieth connection breaks",
  run(laboratory) {
    const prng = createPrng(laboratory.seed);
    const faults = Array.from({ length: TIMES }, (_, time): Fault => {
      const offset = prng.below(20);
      return atTime(CROWD_AT_US + (time + 1) * EVERY_US, ({ nodes }) => {
        const connections = nodes.flatMap(({ downloads }) => [...(downloads?.connections.values() ?? [])]);
        connections.forEach((connection, index) => {
          if (index % 20 === offset) connection.break();
        });
      });
    });
    const result = laboratory.run(crowd(laboratory, "lost connections", { faults }));
    return [everyoneFinishes(result), none("downloads that failed", result.failed)];
  },
};
