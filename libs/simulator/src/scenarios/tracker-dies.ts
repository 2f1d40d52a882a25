import { CROWD_AT_US, several } from "../swarm-plan.js";
import { atTime, crowd, everyoneFinishes } from "./crowd.js";
import { none, type Scenario } from "./scenario.js";

const DIES_AT_US = CROWD_AT_US + 5_000_000;
const NEWCOMERS_AT_US = DIES_AT_US + 2_000_000;

export const trackerDies: Scenario = {
  name: "tracker-dies",
  summary: "the tracker dies at second 5 for ever; one in ten comes later and knows one peer",
  run(laboratory) {
    const newcomers = several(Math.ceil(laboratory.peers / 10), { startsAtUs: NEWCOMERS_AT_US, knowsOnlyOnePeer: true });
    const others = [...several(laboratory.peers), ...newcomers];
    const dies = atTime(DIES_AT_US, ({ tracker }) => {
      tracker.isAway = true;
    });
    const result = laboratory.run(crowd(laboratory, "tracker dies", { others, faults: [dies] }));
    return [everyoneFinishes(result), none("downloads that failed", result.failed)];
  },
};
