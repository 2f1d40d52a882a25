import { CROWD_AT_US, several } from "../swarm-plan.js";
import { atTime, crowd, everyoneFinishes } from "./crowd.js";
import { none, type Scenario } from "./scenario.js";

const EMPTY_AT_US = CROWD_AT_US + 1_000_000;
const AWAY_AT_US = CROWD_AT_US + 3_000_000;
const BACK_AT_US = CROWD_AT_US + 8_000_000;
const NEWCOMERS_AT_US = BACK_AT_US + 30_000_000;

export const trackerReturns: Scenario = {
  name: "tracker-returns",
  summary: "the tracker says that it knows nobody, dies, and comes back without memory; newcomers find everybody through it",
  run(laboratory) {
    const newcomers = several(Math.ceil(laboratory.peers / 10), { startsAtUs: NEWCOMERS_AT_US });
    const faults = [
      atTime(EMPTY_AT_US, ({ tracker }) => {
        tracker.isEmpty = true;
      }),
      atTime(AWAY_AT_US, ({ tracker }) => {
        tracker.isAway = true;
      }),
      atTime(BACK_AT_US, ({ tracker }) => {
        tracker.isEmpty = false;
        tracker.restart();
      }),
    ];
    const result = laboratory.run(crowd(laboratory, "tracker returns", { others: [...several(laboratory.peers), ...newcomers], faults }));
    return [everyoneFinishes(result), none("downloads that failed", result.failed)];
  },
};
