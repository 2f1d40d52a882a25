import { several } from "../swarm-plan.js";
import { crowd, everyoneFinishes, lastAgainstBound } from "./crowd.js";
import type { Scenario } from "./scenario.js";

const SEEDS = 4;

export const severalSeeds: Scenario = {
  name: "several-seeds",
  summary: "everybody comes at once to four seeds, none of which knows of the others",
  run(laboratory) {
    const result = laboratory.run(crowd(laboratory, "four seeds", { seeds: several(SEEDS) }));
    return [everyoneFinishes(result), lastAgainstBound(result, 1.2)];
  },
};
