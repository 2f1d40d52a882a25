import type { Behaviour } from "../node/behaviour.js";
import { several, type NodePlan } from "../swarm-plan.js";
import { crowd, everyoneFinishes } from "./crowd.js";
import { none, type Scenario } from "./scenario.js";

const TRICKLE_BYTES_PER_SECOND = 4_096;

/** One in eleven is of no use in some way, and says that it has everything. */
const badCompany = (name: string, summary: string, bad: NodePlan): Scenario => ({
  name,
  summary,
  run(laboratory) {
    const company = several(Math.ceil(laboratory.peers / 10), bad);
    const result = laboratory.run(crowd(laboratory, name, { others: [...several(laboratory.peers), ...company] }));
    return [everyoneFinishes(result), none("downloads that failed", result.failed)];
  },
});

const behaving = (behaviour: Behaviour): NodePlan => ({ behaviour });

export const liars = badCompany("liars", "one in eleven says that it has everything, and refuses every piece", behaving("lies"));
export const stallers = badCompany("stallers", "one in eleven grants every request and sends nothing", behaving("stalls"));
export const alwaysBusy = badCompany("always-busy", "one in eleven is busy whenever it is asked", behaving("always-busy"));

export const tricklers: Scenario = {
  name: "tricklers",
  summary: "one in eleven is a seed that sends 4 KiB a second",
  run(laboratory) {
    const slow = several(Math.ceil(laboratory.peers / 10), { upBytesPerSecond: TRICKLE_BYTES_PER_SECOND });
    const result = laboratory.run(crowd(laboratory, "tricklers", { seeds: [{}, ...slow] }));
    return [everyoneFinishes(result), none("downloads that failed", result.failed)];
  },
};
