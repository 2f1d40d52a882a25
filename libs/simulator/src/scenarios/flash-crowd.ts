import { crowd, everyoneFinishes, lastAgainstBound, seedSends } from "./crowd.js";
import type { Scenario } from "./scenario.js";

export const flashCrowd: Scenario = {
  name: "flash-crowd",
  summary: "everybody comes at once to one seed that is no faster than they are",
  run(laboratory) {
    const result = laboratory.run(crowd(laboratory, "crowd"));
    return [everyoneFinishes(result), lastAgainstBound(result, 1.15), seedSends(result, 1.1)];
  },
};
