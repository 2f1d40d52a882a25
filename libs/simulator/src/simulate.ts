import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { htmlReport } from "./report/html-report.js";
import { outcomeText } from "./report/outcome-text.js";
import { isSuccess, runScenario } from "./run-scenario.js";
import { SCENARIOS } from "./scenarios/index.js";

const PEERS_DEFAULT = 100;
const PIECES_DEFAULT = 1_000;

interface Flags {
  readonly scenario: string;
  readonly seed: number;
  readonly peers: number;
  readonly pieces: number;
  readonly report?: string;
}

/** Runs one scenario from the command line. @returns the exit code. */
export function simulate(args: readonly string[]): number {
  const command = new Command("npm run simulate --")
    .description("Runs the brains that ship in a swarm on virtual time. The same seed gives the same run.")
    .addOption(new Option("--scenario <name>", "what happens").choices(SCENARIOS.map(({ name }) => name)).makeOptionMandatory())
    .option("--seed <n>", "everything that is random comes from it", wholeNumber, 1)
    .option("--peers <n>", "how many download", countingNumber, PEERS_DEFAULT)
    .option("--pieces <n>", "of 256 KiB each", countingNumber, PIECES_DEFAULT)
    .option("--report <file>", "where to put a picture of it, as HTML")
    .addHelpText("after", ["", "Scenarios:", ...SCENARIOS.map(({ name, summary }) => `  ${name.padEnd(18)} ${summary}`)].join("\n"))
    .parse(args, { from: "user" });
  const { scenario: name, seed, peers, pieces, report } = command.opts<Flags>();
  const scenario = SCENARIOS.find((candidate) => candidate.name === name)!;
  const outcome = runScenario(scenario, { seed, peers, pieces });
  if (report !== undefined) writeFileSync(report, htmlReport(outcome));
  console.log(outcomeText(outcome));
  return isSuccess(outcome) ? 0 : 1;
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value >= 2 ** 32) throw new InvalidArgumentError("give a whole number below 2^32");
  return value;
}

export function countingNumber(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError("give at least 1");
  return value;
}
