import { createCheckers } from "./checkers/index.js";
import { RunLog } from "./run-log.js";
import { resultOf, type RunResult } from "./run-result.js";
import { type Goal, isMet, none, type Scenario } from "./scenarios/index.js";
import { Simulation } from "./simulation.js";
import { setUp, type SwarmPlan } from "./swarm-plan.js";

export interface ScenarioOptions {
  readonly seed: number;
  /** Leechers. */
  readonly peers: number;
  readonly pieces: number;
}

/** What came of a scenario. */
export interface ScenarioOutcome {
  readonly scenario: Scenario;
  readonly options: ScenarioOptions;
  readonly results: readonly RunResult[];
  readonly goals: readonly Goal[];
  /** The promise that was broken, if one was. */
  readonly failure: Error | undefined;
  /** Of everything that happened in all its runs. */
  readonly digest: string;
  /** Events that brains were told. */
  readonly events: number;
}

/** Whether every goal was met and no promise broken. */
export const isSuccess = ({ failure, goals }: ScenarioOutcome): boolean => failure === undefined && goals.every(isMet);

/** Runs a scenario, with every checker. */
export function runScenario(scenario: Scenario, options: ScenarioOptions): ScenarioOutcome {
  const log = new RunLog();
  const results: RunResult[] = [];
  const run = (plan: SwarmPlan): RunResult => {
    const simulation = new Simulation(setUp(plan, options.seed), createCheckers(), log);
    simulation.run();
    const result = resultOf(plan.label, simulation);
    results.push(result);
    return result;
  };
  let goals: readonly Goal[] = [];
  let failure: Error | undefined;
  try {
    goals = [...scenario.run({ ...options, run }), ...everyFaultStruck(results)];
  } catch (error) {
    // A brain that throws has broken a promise, too: its stack is of use to whoever looks for the reason.
    failure = error instanceof Error ? error : new Error(String(error));
  }
  return { scenario, options, results, goals, failure, digest: log.digest(), events: log.events };
}

/** A swarm that was over before its fault came has shown nothing. */
function everyFaultStruck(results: readonly RunResult[]): readonly Goal[] {
  const disturbed = results.filter(({ simulation }) => simulation.setup.faults.length > 0);
  const left = disturbed.reduce((sum, { simulation }) => sum + simulation.faultsLeft, 0);
  return disturbed.length === 0 ? [] : [none("faults that never struck", left)];
}
