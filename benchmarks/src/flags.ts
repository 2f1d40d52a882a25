import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { RIVAL_NAMES, type RivalName } from "./systems/find-installed.js";

export interface Flags {
  /** Names of workloads; empty for all that are not long. */
  readonly only: readonly string[];
  readonly rounds: number;
  readonly rivals: readonly RivalName[];
}

const ROUNDS_DEFAULT = 3;
const ROUNDS_MAX = 100;

/** @returns the exit code instead if there is nothing to do: help was asked for and printed, or a flag is wrong and that was said. */
export function parseFlags(args: readonly string[], workloadNames: readonly string[]): Flags | number {
  const command = new Command("npm run bench --")
    .description("Measures Piecewise, and whatever else is installed, on generated data.")
    .addOption(new Option("--only <names>", `workloads to run: ${workloadNames.join(", ")}`).argParser(parseOneOf(workloadNames)).default([], "all but the long one"))
    .addOption(new Option("--rounds <n>", "how often each is measured").argParser(parseRounds).default(ROUNDS_DEFAULT))
    .addOption(new Option("--rivals <names>", `all, none, or some of ${RIVAL_NAMES.join(", ")}`).argParser(parseRivals).default([...RIVAL_NAMES], "all"))
    .allowExcessArguments(false)
    .exitOverride();
  try {
    command.parse(args, { from: "user" });
    return command.opts<Flags>();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

/** Names with commas between, as they are written in `names`. */
const parseOneOf =
  <Name extends string>(names: readonly Name[]) =>
  (text: string): Name[] =>
    text.split(",").map((part) => {
      const found = names.find((name) => name.toLowerCase() === part.trim().toLowerCase());
      if (found === undefined) throw new InvalidArgumentError(`There is no "${part.trim()}".`);
      return found;
    });

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX) throw new InvalidArgumentError(`It is a number from 1 to ${ROUNDS_MAX}.`);
  return rounds;
}

function parseRivals(text: string): RivalName[] {
  if (text === "none") return [];
  return text === "all" ? [...RIVAL_NAMES] : parseOneOf(RIVAL_NAMES)(text);
}
