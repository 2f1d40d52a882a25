import { UsageError } from "@piecewise/base";
import { Command, Option } from "commander";
import { COMMAND_NAMES, COMMANDS, INTERACTIVE_FLAGS, type CommandFlags, type CommandName } from "./command-table.js";
import type { LogLevel } from "./flag-values.js";
import { FLAGS, readFlags, variableOf, type FlagField, type FlagValues, type RawFlags } from "./flags.js";
import type { CommandContext, Host } from "./host.js";
import { languageOfLocale, MESSAGES } from "./messages.js";
import { Output } from "./output.js";
import { VERSION } from "./version.js";

/** The hidden command that runs if none is named. */
const INTERACTIVE = "interactive";

/** Called when a command has parsed its flags and is about to run: how it speaks, and how much it logs. */
type OnCommand = (output: Output, logLevel: LogLevel | undefined) => void;

/** The command line: what can be typed, and what runs then. Commands are loaded when they run, so that the help comes at once. */
export function createProgram(host: Host, onCommand: OnCommand): Command {
  const program = configure(new Command("peer"), host)
    .description("Share files and directories from peer to peer, and fetch them from many peers at once.")
    .version(VERSION, "--version", "print the version")
    .enablePositionalOptions()
    .addHelpText("after", rootNotes)
    .hook("preSubcommand", (root, chosen) => {
      // Before the flags behind it are taken for those of the default command.
      const [first] = root.args;
      if (chosen.name() === INTERACTIVE && first !== undefined && !first.startsWith("-")) throw noSuchCommand(first);
    });
  const cli = { program, host, onCommand };
  addShare(cli);
  addDownload(cli);
  addList(cli);
  addInspect(cli);
  addVerify(cli);
  addCompletion(cli);
  addInteractive(cli);
  return program;
}

interface CommandLine {
  readonly program: Command;
  readonly host: Host;
  readonly onCommand: OnCommand;
}

function addShare(cli: CommandLine): void {
  const command = addCommand(cli, "share");
  command.action(async (paths: string[]) => {
    const { flags, context } = beginCommand(cli, command, "share");
    const { share } = await import("./commands/share.js");
    await share(paths, flags, context);
  });
}

function addDownload(cli: CommandLine): void {
  const command = addCommand(cli, "download");
  command.action(async (what: string) => {
    const { flags, context } = beginCommand(cli, command, "download");
    const { download } = await import("./commands/download.js");
    await download(what, flags, context);
  });
}

function addList(cli: CommandLine): void {
  const command = addCommand(cli, "list");
  command.action(async (filter: string | undefined) => {
    const { flags, context } = beginCommand(cli, command, "list");
    const { list } = await import("./commands/list.js");
    await list(filter, flags, context);
  });
}

function addInspect(cli: CommandLine): void {
  const command = addCommand(cli, "inspect");
  command.action(async (whatOrPath: string) => {
    const { flags, context } = beginCommand(cli, command, "inspect");
    const { inspect } = await import("./commands/inspect.js");
    await inspect(whatOrPath, flags, context);
  });
}

function addVerify(cli: CommandLine): void {
  const command = addCommand(cli, "verify");
  command.action(async (path: string, contentId: string) => {
    const { flags, context } = beginCommand(cli, command, "verify");
    const { verify } = await import("./commands/verify.js");
    await verify(path, contentId, flags, context);
  });
}

/** It has no flags: what it prints is for a shell, also where a variable asks all commands for JSON. */
function addCompletion(cli: CommandLine): void {
  addCommand(cli, "completion").action(async (shell: string) => {
    const output = new Output({ stdout: cli.host.stdout, stderr: cli.host.stderr });
    cli.onCommand(output, undefined);
    const { completion } = await import("./commands/completion.js");
    completion(shell, output);
  });
}

/** `peer` alone. As a hidden default command it has flags of its own, which are then unknown to the others. */
function addInteractive({ program, host, onCommand }: CommandLine): void {
  const command = configure(program.command(INTERACTIVE, { isDefault: true, hidden: true }), host).allowExcessArguments();
  addFlags(command, INTERACTIVE_FLAGS);
  command.action(async () => {
    const [unexpected] = command.args;
    if (unexpected !== undefined) throw noSuchCommand(unexpected);
    const flags = parseFlags(command, INTERACTIVE_FLAGS, host);
    const messages = MESSAGES[flags.language ?? languageOfLocale(host.env)];
    const output = new Output({ stdout: host.stdout, stderr: host.stderr, messages });
    onCommand(output, flags.logLevel);
    const { interactive } = await import("./interactive/interactive.js");
    await interactive(flags, { host, output });
  });
}

function addCommand({ program, host }: CommandLine, name: CommandName): Command {
  const { operands, summary, examples, flags } = COMMANDS[name];
  const command = configure(program.command([name, ...operands].join(" ")), host).description(summary);
  addFlags(command, flags);
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

/** What a command runs with. @throws UsageError that names the flag or the variable. */
function beginCommand<Name extends Exclude<CommandName, "completion">>({ host, onCommand }: CommandLine, command: Command, name: Name) {
  const fields: readonly (typeof COMMANDS)[Name]["flags"][number][] = COMMANDS[name].flags;
  const flags: CommandFlags<Name> = parseFlags(command, fields, host);
  const { json, logLevel } = parseFlags(command, ["json", "logLevel"], host);
  const output = new Output({ stdout: host.stdout, stderr: host.stderr, json });
  onCommand(output, logLevel);
  const context: CommandContext = { host, output };
  return { flags, context };
}

/** @throws UsageError that names the flag or the variable. */
function parseFlags<Field extends FlagField>(command: Command, fields: readonly Field[], host: Host): FlagValues<Field> {
  // Commander has a spelling of its own for the values; here they go by the name of the flag.
  const raw: RawFlags = Object.fromEntries(
    command.options.map((option) => [option.name(), command.getOptionValue(option.attributeName()) as RawFlags[string]]),
  );
  return readFlags(fields, raw, host.env);
}

function noSuchCommand(text: string): UsageError {
  const names: readonly string[] = COMMAND_NAMES;
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
