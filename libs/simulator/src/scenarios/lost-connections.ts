import { createPrng } from "@piecewise/base";
import type { Fault, Simulation } from "../simulation.js";
import { atTime, crowd, everyoneFinishes, inTheMidst } from "./crowd.js";
import { none, type Scenario } from "./scenario.js";

const EVERY_US = 500_000;
const TIMES = 40;

export const lostConnections: Scenario = {
  name: "lost-connections",
  summary: "twice a second for 20 s every twentieth connection breaks",
  run(laboratory) {
    const result = laboratory.run(crowd(laboratory, "lost connections", { faults: [breaks(inTheMidst(laboratory, EVERY_US), laboratory.seed)] }));
    return [everyoneFinishes(result), none("downloads that failed", result.failed)];
  },
};

/** Once begun, it goes on as long as the swarm does, so many times at most. */
function breaks(firstAtUs: number, seed: number): Fault {
  const prng = createPrng(seed);
  const strike = (simulation: Simulation, timesLeft: number): void => {
    const offset = prng.below(20);
    const connections = simulation.nodes.flatMap(({ downloads }) => [...(downloads?.connections.values() ?? [])]);
    connections.forEach((connection, index) => {
      if (index % 20 === offset) connection.break();
    });
    if (timesLeft > 1) simulation.queue.after(EVERY_US, () => strike(simulation, timesLeft - 1));
  };
  return atTime(firstAtUs, (simulation) => strike(simulation, TIMES));
}
