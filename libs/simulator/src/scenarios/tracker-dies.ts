import { CROWD_AT_US, CROWD_SPREAD_US, several } from "../swarm-plan.js";
import { atTime, crowd, everyoneFinishes, inTheMidst } from "./crowd.js";
import { none, type Scenario } from "./scenario.js";

const DIES_AFTER_US = 5_000_000;
/** By then everybody has asked it once, however small the content. */
const DIES_NO_SOONER_US = CROWD_AT_US + 2 * CROWD_SPREAD_US;
const NEWCOMERS_AFTER_US = 2_000_000;

export const trackerDies: Scenario = {
  name: "tracker-dies",
  summary: "the tracker dies at second 5 for ever; one in ten comes later and knows one peer",
  run(laboratory) {
    const diesAtUs = Math.max(inTheMidst(laboratory, DIES_AFTER_US), DIES_NO_SOONER_US);
    const newcomers = several(Math.ceil(laboratory.peers / 10), { startsAtUs: diesAtUs + NEWCOMERS_AFTER_US, knowsOnlyOnePeer: true });
    const others = [...several(laboratory.peers), ...newcomers];
    const dies = atTime(diesAtUs, ({ tracker }) => {
      tracker.isAway = true;
    });
    const result = laboratory.run(crowd(laboratory, "tracker dies", { others, faults: [dies] }));
    return [everyoneFinishes(result), none("downloads that failed", result.failed)];
  },
};
