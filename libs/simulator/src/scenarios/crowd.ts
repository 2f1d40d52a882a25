import type { Fault } from "../simulation.js";
import { CROWD_AT_US, seedBusyUs, several, type SwarmPlan } from "../swarm-plan.js";
import { lastOf, type RunResult } from "../run-result.js";
import { none, type Goal, type Laboratory } from "./scenario.js";

/** One seed and a crowd that comes all at once, each with the same line; what a scenario changes about it is said. */
export function crowd({ peers, pieces }: Laboratory, label: string, changes: Partial<SwarmPlan> = {}): SwarmPlan {
  return { label, pieces, seeds: [{}], others: several(peers), ...changes };
}

/** Everybody who did not crash has everything. */
export const everyoneFinishes = (result: RunResult): Goal => none("survivors that did not finish", result.unfinished);

/** How long the last one took, compared with what is possible. */
export const lastAgainstBound = (result: RunResult, limit: number): Goal => ({ name: "last completion / bound", actual: lastOf(result) / result.boundUs, limit });

export const seedSends = (result: RunResult, limit: number): Goal => ({ name: "first seed sent / content", actual: result.seedBytes / result.contentBytes, limit });

/** A fault that strikes at a time. */
export const atTime = (atUs: number, strike: Fault["strike"]): Fault => ({ isDue: ({ queue }) => queue.nowUs >= atUs, strike });

/** Of the time for which the seed is busy: what is to happen in the middle of a download happens no later. */
const MIDST = 0.4;

/** When so much time has passed since the crowd came; of a small content, sooner, so that most of it is still to come. */
export const inTheMidst = ({ pieces }: Laboratory, afterUs: number): number => CROWD_AT_US + Math.min(afterUs, Math.floor(MIDST * seedBusyUs(pieces)));
