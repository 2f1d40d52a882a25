import { readFileSync, writeFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { htmlReport } from "./report/html-report.js";
import { outcomeText } from "./report/outcome-text.js";
import { type Difference, replayDownload } from "./replay/replay-download.js";
import { isSuccess, runScenario } from "./run-scenario.js";
import { SCENARIOS } from "./scenarios/index.js";

const PEERS_DEFAULT = 100;
const PIECES_DEFAULT = 1_000;

interface Flags {
  readonly scenario?: string;
  readonly replay?: string;
  readonly seed: number;
  readonly peers: number;
  readonly pieces: number;
  readonly report?: string;
}

/** Runs one scenario from the command line. @returns the exit code. */
export function simulate(args: readonly string[]): number {
  const command = new Command("npm run simulate --")
    .showHelpAfterError()
    .description("Runs the brains that ship in a swarm on virtual time. The same seed gives the same run.")
    .addOption(new Option("--scenario <name>", "what happens").choices(SCENARIOS.map(({ name }) => name)))
    .option("--replay <file>", "instead: goes through the recorded log of a download again, event for event")
    .option("--seed <n>", "everything that is random comes from it", wholeNumber, 1)
    .option("--peers <n>", "how many download", countingNumber, PEERS_DEFAULT)
    .option("--pieces <n>", "of 256 KiB each", countingNumber, PIECES_DEFAULT)
    .option("--report <file>", "where to put a picture of it, as HTML")
    .addHelpText("after", ["", "Scenarios:", ...SCENARIOS.map(({ name, summary }) => `  ${name.padEnd(18)} ${summary}`)].join("\n"))
    .parse(args, { from: "user" });
  const flags = command.opts<Flags>();
  if (flags.replay !== undefined) return replayFile(flags.replay);
  const scenario = SCENARIOS.find(({ name }) => name === flags.scenario);
  if (scenario === undefined) return command.error("error: give --scenario NAME or --replay FILE");
  const outcome = runScenario(scenario, flags);
  if (flags.report !== undefined) writeFileSync(flags.report, htmlReport(outcome));
  console.log(outcomeText(outcome));
  return isSuccess(outcome) ? 0 : 1;
}

/** @throws UsageError if it is no log of a download. */
function replayFile(path: string): number {
  const { events, difference, isOver, verifiedBytes, totalBytes } = replayDownload(readFileSync(path, "utf8"));
  const end = isOver || difference !== undefined ? "" : "; the log ends before the download does";
  console.log(`${events} events, ${verifiedBytes} of ${totalBytes} bytes verified${end}`);
  if (difference === undefined) return 0;
  console.log(differenceText(difference));
  return 1;
}

function differenceText({ line, wanted, recorded, cause }: Difference): string {
  const before = recorded === undefined ? "the recorded one threw" : `the recorded one wanted ${JSON.stringify(recorded)}`;
  const now = wanted === undefined ? `throws: ${cause instanceof Error ? cause.stack : String(cause)}` : `wants ${JSON.stringify(wanted)}`;
  return `line ${line}: ${before}\nline ${line}: this brain ${now}`;
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
