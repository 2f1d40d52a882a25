import { UsageError } from "@piecewise/base";
import { Command, Option } from "commander";
import { COMMAND_FLAGS, type CommandFlags, type CommandName } from "./command-flags.js";
import type { LogLevel } from "./flag-values.js";
import { FLAGS, readFlags, variableOf, type FlagField, type FlagValues, type RawFlags } from "./flags.js";
import type { CommandContext, Host } from "./host.js";
import { languageOfLocale, MESSAGES } from "./messages.js";
import { Output } from "./output.js";
import { VERSION } from "./version.js";

/** Called when a command has parsed its flags and is about to run: how it speaks, and how much it logs. */
type OnCommand = (output: Output, logLevel: LogLevel | undefined) => void;

/** The command line: what can be typed, and what runs then. Commands are loaded when they run, so that the help comes at once. */
export function createProgram(host: Host, onCommand: OnCommand): Command {
  const program = configure(new Command("peer"), host)
    .description("Share files and directories from peer to peer, and fetch them from many peers at once.")
    .version(VERSION, "--version", "print the version")
    .enablePositionalOptions()
    .addHelpText("after", rootNotes);
  addShare(program, host, onCommand);
  addDownload(program, host, onCommand);
  addList(program, host, onCommand);
  addInteractive(program, host, onCommand);
  return program;
}

function addShare(program: Command, host: Host, onCommand: OnCommand): void {
  const command = addCommand(program, host, "share", "<PATH...>", "serve files and directories from where they lie, until Ctrl-C", [
    "peer share film.mkv",
    "peer share --tracker 192.168.1.10:50051 photos/ notes.txt",
    'peer share --name "Holiday 2026" --piece-length 1M --upload-limit 20M photos/',
  ]);
  command.action(async (paths: string[]) => {
    const flags = parseFlags(command, "share", host);
    const context = createContext(flags, host, onCommand);
    const { share } = await import("./commands/share.js");
    await share(paths, flags, context);
  });
}

function addDownload(program: Command, host: Host, onCommand: OnCommand): void {
  const summary = "fetch a content by its name, content id, sha256: and at least 8 digits of it, or link";
  const command = addCommand(program, host, "download", "<WHAT>", summary, [
    "peer download film.mkv",
    "peer download sha256:3f2a90c1 --output ~/films/ --seed",
    "peer download 'piecewise:sha256:…?name=film.mkv&tracker=192.168.1.10:50051'",
    "peer download sha256:… --peer 192.168.1.20:40123",
    "peer download --max-peers 1 -- -a-name-with-a-dash",
  ]);
  command.action(async (what: string) => {
    const flags = parseFlags(command, "download", host);
    const context = createContext(flags, host, onCommand);
    const { download } = await import("./commands/download.js");
    await download(what, flags, context);
  });
}

function addList(program: Command, host: Host, onCommand: OnCommand): void {
  const command = addCommand(program, host, "list", "[FILTER]", "list what the trackers know, or what has FILTER in its name", [
    "peer list",
    "peer list film --tracker 192.168.1.10:50051",
    "peer list --json",
  ]);
  command.action(async (filter: string | undefined) => {
    const flags = parseFlags(command, "list", host);
    const context = createContext(flags, host, onCommand);
    const { list } = await import("./commands/list.js");
    await list(filter, flags, context);
  });
}

/** `peer` alone. As a hidden default command it has flags of its own, which are then unknown to the others. */
function addInteractive(program: Command, host: Host, onCommand: OnCommand): void {
  const command = configure(program.command("interactive", { isDefault: true, hidden: true }), host).allowExcessArguments();
  addFlags(command, COMMAND_FLAGS.interactive);
  command.action(async () => {
    const [unexpected] = command.args;
    if (unexpected !== undefined) throw noSuchCommand(unexpected);
    const flags = parseFlags(command, "interactive", host);
    const messages = MESSAGES[flags.language ?? languageOfLocale(host.env)];
    const output = new Output({ stdout: host.stdout, stderr: host.stderr, messages });
    onCommand(output, flags.logLevel);
    const { interactive } = await import("./interactive/interactive.js");
    await interactive(flags, { host, output });
  });
}

function addCommand(
  program: Command,
  host: Host,
  name: CommandName,
  operand: string,
  summary: string,
  examples: readonly string[],
): Command {
  const command = configure(program.command(`${name} ${operand}`), host).description(summary);
  addFlags(command, COMMAND_FLAGS[name]);
  return command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`);
}

/** Errors are thrown, not printed; help goes where the host says. */
const configure = (command: Command, host: Host): Command =>
  command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => host.stdout.columns ?? 100,
      getErrHelpWidth: () => host.stderr.columns ?? 100,
    })
    .helpOption("-h, --help", "print this help");

function addFlags(command: Command, fields: readonly FlagField[]): void {
  for (const field of fields) {
    const { name, placeholder, description, arity } = FLAGS[field];
    const syntax = placeholder === "" ? `--${name}` : `--${name} <${placeholder}>`;
    const option = new Option(syntax, `${description} [${variableOf(field)}]`);
    // Without this the last one would win. What commander calls variadic would take the operands too.
    if (arity === "many") option.argParser((text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), text]);
    command.addOption(option);
  }
}

/** @throws UsageError that names the flag or the variable. */
function parseFlags<Name extends CommandName>(command: Command, name: Name, host: Host): CommandFlags<Name> {
  // Commander has a spelling of its own for the values; here they go by the name of the flag.
  const raw: RawFlags = Object.fromEntries(
    command.options.map((option) => [option.name(), command.getOptionValue(option.attributeName()) as RawFlags[string]]),
  );
  const fields: readonly (typeof COMMAND_FLAGS)[Name][number][] = COMMAND_FLAGS[name];
  return readFlags(fields, raw, host.env);
}

function createContext({ json, logLevel }: FlagValues<"json" | "logLevel">, host: Host, onCommand: OnCommand): CommandContext {
  const output = new Output({ stdout: host.stdout, stderr: host.stderr, json });
  onCommand(output, logLevel);
  return { host, output };
}

function noSuchCommand(text: string): UsageError {
  const names = Object.keys(COMMAND_FLAGS).filter((name) => name !== "interactive");
  const problem = names.includes(text) ? `the flags of "${text}" come after it` : `there is no command "${text}"`;
  return new UsageError("INVALID_ARGUMENT", `${problem}; commands are ${names.join(", ")}, and peer --help shows them`);
}

const rootNotes = `
Without a command it asks what to do (--lang en or vi, --tracker HOST:PORT).
Every flag can be given as a variable too: --upload-limit 20M is PIECEWISE_UPLOAD_LIMIT=20M.
The default tracker is 127.0.0.1:50051, used if nothing else names a source.

Examples:
  peer share film.mkv
  peer download film.mkv
  peer list`;
