import { createPrng } from "@piecewise/base";
import { Command, InvalidArgumentError } from "commander";
import { commandOf, reasonOf } from "./report/outcome-text.js";
import { runScenario, type ScenarioOutcome } from "./run-scenario.js";
import { SCENARIOS } from "./scenarios/index.js";
import { isKnownToBeMissed } from "./scenarios/not-met-yet.js";
import { wholeNumber } from "./simulate.js";

/** Small swarms and large ones: the former are where corner cases meet, and many of them fit into a minute. */
const PEERS_MAX = 40;
const PIECES_MAX = 120;

/**
 * Runs every scenario with random seeds and sizes until time is up. Only broken promises and downloads that do not finish count: figures
 * of such small swarms say nothing. @returns the exit code.
 */
export function simulateMany(args: readonly string[], randomSeed: () => number, nowMs: () => number): number {
  const { minutes, seed } = new Command("npm run simulate:many --")
    .description("Runs all scenarios with random seeds until time is up.")
    .option("--minutes <m>", "for how long", minutesNumber, 1)
    .option("--seed <n>", "the first seed; the others follow it", wholeNumber)
    .parse(args, { from: "user" })
    .opts<{ minutes: number; seed?: number }>();
  const endMs = nowMs() + minutes * 60_000;
  const failures: string[] = [];
  let runs = 0;
  for (let next = seed ?? randomSeed(); nowMs() < endMs; next = (next + 1) >>> 0) {
    const scenario = SCENARIOS[runs % SCENARIOS.length]!;
    // Of seeds that follow each other, too, the sizes have nothing to do with each other.
    const prng = createPrng(next);
    const outcome = runScenario(scenario, { seed: next, peers: 1 + prng.below(PEERS_MAX), pieces: 1 + prng.below(PIECES_MAX) });
    runs += 1;
    const reasons = reasonsToFail(outcome);
    if (reasons.length === 0) continue;
    failures.push(`${commandOf(outcome)}\n  ${reasons.join("\n  ")}`);
    console.log(failures.at(-1));
  }
  console.log(`${runs} runs, ${failures.length} failed`);
  return failures.length === 0 ? 0 : 1;
}

/** Goals with a figure, and those that are known to be missed, do not count. */
function reasonsToFail({ scenario, failure, goals }: ScenarioOutcome): string[] {
  if (failure !== undefined) return [reasonOf(failure)];
  const missed = goals.filter(({ name, limit, actual }) => limit === 0 && actual > 0 && !isKnownToBeMissed(scenario.name, name));
  return missed.map(({ name, actual }) => `${actual} ${name}`);
}

function minutesNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("give a number of minutes");
  return value;
}
