import { MIB } from "@piecewise/base";
import { CheckFailed } from "../checkers/index.js";
import { percentile, type RunResult } from "../run-result.js";
import { isSuccess, type ScenarioOutcome } from "../run-scenario.js";
import { type Goal, isMet } from "../scenarios/index.js";

const HEADER = ["run", "finished", "bound", "all out", "p50", "p90", "p99", "last", "last/bound", "seed sent", "waste", "fairness"];

/** What came of a scenario, for people. */
export function outcomeText(outcome: ScenarioOutcome): string {
  const { scenario, options, results, goals, failure, digest } = outcome;
  return [
    `${scenario.name}: ${scenario.summary}`,
    `${options.peers} peers, ${options.pieces} pieces, seed ${options.seed}`,
    "",
    ...table([HEADER, ...results.map(rowOf)]),
    "",
    ...goals.map(goalLine),
    ...(failure === undefined ? [] : [`BROKEN  ${reasonOf(failure)}`]),
    ...(isSuccess(outcome) ? [] : [`To see it again: ${commandOf(outcome)}`]),
    `digest: ${digest}`,
  ].join("\n");
}

/** Which promise was broken; of a brain that threw, where. */
export const reasonOf = (failure: Error): string => (failure instanceof CheckFailed ? failure.message : (failure.stack ?? failure.message));

/** What runs the same again. */
export const commandOf = ({ scenario, options }: ScenarioOutcome): string =>
  `npm run simulate -- --scenario ${scenario.name} --seed ${options.seed} --peers ${options.peers} --pieces ${options.pieces}`;

const goalLine = (goal: Goal): string =>
  `${isMet(goal) ? "met   " : "MISSED"}  ${goal.name}: ${figure(goal.actual)}, at most ${figure(goal.limit)}`;

function rowOf(result: RunResult): string[] {
  const { label, survivors, unfinished, completionsUs, boundUs, allOutUs, seedBytes, contentBytes, wastePerMille, fairnessPerMille } = result;
  return [
    label,
    `${survivors.length - unfinished}/${survivors.length}`,
    seconds(boundUs),
    allOutUs === 0 ? "never" : seconds(allOutUs),
    ...[50, 90, 99, 100].map((perCent) => seconds(percentile(completionsUs, perCent))),
    figure(percentile(completionsUs, 100) / boundUs),
    `${Math.round(seedBytes / MIB)} MiB = ${figure(seedBytes / contentBytes)}`,
    `${(wastePerMille / 10).toFixed(1)} %`,
    (fairnessPerMille / 1000).toFixed(3),
  ];
}

const seconds = (us: number): string => `${(us / 1_000_000).toFixed(2)} s`;
const figure = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(3));

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  "));
}
