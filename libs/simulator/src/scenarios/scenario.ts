import type { RunResult } from "../run-result.js";
import type { SwarmPlan } from "../swarm-plan.js";

/** What was to be reached, and what was. A goal without a number is met or not: 0 of 0. */
export interface Goal {
  readonly name: string;
  readonly actual: number;
  /** At most this. */
  readonly limit: number;
}

export const isMet = ({ actual, limit }: Goal): boolean => actual <= limit;

/** Where swarms run for a scenario. */
export interface Laboratory {
  readonly seed: number;
  /** Leechers that are asked for. */
  readonly peers: number;
  readonly pieces: number;
  /** Runs one swarm to its end. @throws CheckFailed */
  run(plan: SwarmPlan): RunResult;
}

/** A situation that swarms get into, and what they are to make of it. */
export interface Scenario {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  run(laboratory: Laboratory): readonly Goal[];
}

/** Of goals that are about counts of what may not happen. */
export const none = (name: string, actual: number): Goal => ({ name, actual, limit: 0 });
