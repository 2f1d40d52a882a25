import { several } from "../swarm-plan.js";
import { crowd, everyoneFinishes } from "./crowd.js";
import type { Scenario } from "./scenario.js";

export const poison: Scenario = {
  name: "poison",
  summary: "one of eleven says that it has everything, and sends wrong bytes",
  run(laboratory) {
    const poisoners = several(Math.ceil(laboratory.peers / 10), { behaviour: "poisons" });
    const result = laboratory.run(crowd(laboratory, "poison", { others: [...several(laboratory.peers), ...poisoners] }));
    // That liars are banned, and nobody else, is what the checker of bans sees to.
    return [everyoneFinishes(result), { name: "waste / content", actual: result.wastePerMille / 1000, limit: 0.03 }];
  },
};
