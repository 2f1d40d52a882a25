import { completionUs, percentile, type RunResult } from "../run-result.js";
import { several } from "../swarm-plan.js";
import { crowd, everyoneFinishes } from "./crowd.js";
import type { Scenario } from "./scenario.js";

/** One in so many takes and gives nothing. */
const ONE_IN = 5;

export const freeRiders: Scenario = {
  name: "free-riders",
  summary: "20 % take and give nothing: the others are hardly slower than without them",
  run(laboratory) {
    const ridersCount = Math.floor(laboratory.peers / ONE_IN);
    const honest = several(laboratory.peers - ridersCount);
    const alone = laboratory.run(crowd(laboratory, "honest alone", { others: honest }));
    const together = laboratory.run(crowd(laboratory, "with riders", { others: [...honest, ...several(ridersCount, { behaviour: "rides-free" })] }));
    return [everyoneFinishes(together), { name: "last honest completion / alone", actual: lastHonest(together) / lastHonest(alone), limit: 1.1 }];
  },
};

function lastHonest({ survivors }: RunResult): number {
  const honest = survivors.filter(({ setup, finishedAtUs }) => setup.behaviour === "honest" && finishedAtUs !== undefined);
  return percentile(honest.map(completionUs).toSorted((a, b) => a - b), 100);
}
