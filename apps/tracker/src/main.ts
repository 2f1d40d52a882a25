import { UsageError } from "@piecewise/base";
import { Command, CommanderError } from "commander";
import { ExitCode } from "./exit-code.js";
import { FLAGS, type Flag, type RawFlags, readFlags } from "./flags.js";
import type { Host } from "./host.js";
import { reportError } from "./report-error.js";
import { VERSION } from "./version.js";

/** Runs one command line to its end and gives what to exit with; never rejects. */
export async function main(argv: readonly string[], host: Host): Promise<ExitCode> {
  const program = createProgram(host);
  // Until the flags are parsed, and if they cannot be, their look decides how an error is shown.
  const report = { json: argv.includes("--json"), verbose: host.env[FLAGS.logLevel.variable] === "debug" };
  try {
    program.parse(argv, { from: "user" });
    const flags = readFlags(rawFlagsOf(program), host.env);
    Object.assign(report, { json: flags.json, verbose: flags.logLevel === "debug" });
    const { serve } = await import("./serve.js");
    await serve(flags, host);
    return ExitCode.OK;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, host, report);
    return error.exitCode === 0 ? ExitCode.OK : reportError(usageError(error), host, report);
  }
}

/** Errors are thrown, not printed; help goes where the host says. */
function createProgram({ stdout, stderr }: Host): Command {
  const program = new Command("tracker")
    .description("Know who has what: peers register here, and whoever looks for a content finds them.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
    })
    .allowExcessArguments(false)
    .version(VERSION, "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .addHelpText("after", examples);
  for (const { name, variable, placeholder, description, fallback, isRepeated } of Object.values<Flag<unknown>>(FLAGS)) {
    const shown = `${description}${placeholder === "" || fallback === "" ? "" : ` (default: ${fallback})`} [${variable}]`;
    if (placeholder === "") program.option(`--${name}`, shown);
    else if (isRepeated === true) program.option(`--${name} <${placeholder}>`, shown, joinRepeated);
    else program.option(`--${name} <${placeholder}>`, shown);
  }
  return program;
}

/** All that was given, as a variable would hold it. */
const joinRepeated = (value: string, before?: string): string => (before === undefined ? value : `${before},${value}`);

/** Commander keeps what was given under names of its own. */
const rawFlagsOf = (program: Command): RawFlags =>
  Object.fromEntries(
    program.options.map((option) => [option.name(), program.getOptionValue(option.attributeName()) as RawFlags[string]]),
  );

/** `error: unknown option '--lisen'\n(Did you mean --listen?)` → one sentence that says where to look. */
function usageError(error: CommanderError): UsageError {
  const problem = error.message.replace(/^error: /, "").replace(/\.$/, "");
  return new UsageError("INVALID_ARGUMENT", `${problem}; tracker --help shows what there is`, { cause: error });
}

const examples = `
Every flag can be given as the variable in brackets; the flag counts if both are there.
It keeps nothing on disk: when it is started again, peers register again by themselves.

Examples:
  tracker
  tracker --listen 0.0.0.0:50051
  tracker --listen 127.0.0.1:0 --lease 10 --log info`;
