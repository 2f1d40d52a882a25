import { UsageError } from "@piecewise/base";
import { CommanderError } from "commander";
import { ExitCode } from "./exit-code.js";
import { variableOf } from "./flags.js";
import type { Host } from "./host.js";
import { Output } from "./output.js";
import { createProgram } from "./program.js";
import { reportError } from "./report-error.js";

/** Runs one command line to its end and gives what to exit with; never rejects. */
export async function main(argv: readonly string[], host: Host): Promise<ExitCode> {
  // Until the flags are parsed, and if they cannot be, their look decides how an error is shown.
  const json = looksGiven(argv, "--json") || isOn(host.env[variableOf("json")]);
  let output = new Output({ stdout: host.stdout, stderr: host.stderr, json });
  let verbose = false;
  const program = createProgram(host, (ofCommand, logLevel) => {
    output = ofCommand;
    verbose = logLevel === "debug";
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return ExitCode.OK;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.OK;
    return reportError(error instanceof CommanderError ? usageError(error) : error, output, verbose);
  }
}

/** `error: unknown option '--sed'\n(Did you mean --seed?)` → one sentence that says where to look. */
function usageError(error: CommanderError): UsageError {
  const problem = error.message.replace(/^error: /, "").replace(/\.$/, "");
  return new UsageError("INVALID_ARGUMENT", `${problem}; --help after the command shows what there is`, { cause: error });
}

function looksGiven(argv: readonly string[], flag: string): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes(flag);
}

const isOn = (text: string | undefined): boolean => text === "1" || text === "true" || text === "yes";
