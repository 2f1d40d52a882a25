import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COMMAND_NAMES, COMMANDS } from "./command-table.js";
import { ExitCode } from "./exit-code.js";
import { FLAGS, variableOf, type FlagField } from "./flags.js";
import { runMain } from "./testing/run-main.js";
import { VERSION } from "./version.js";

describe("help", () => {
  test("the program shows its commands and examples", async () => {
    const run = runMain(["--help"]);
    expect(await run.exitCode).toBe(0);
    for (const name of COMMAND_NAMES) expect(run.stdout.text).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect(run.stdout.text).toContain("Examples:\n  peer share film.mkv");
    expect(run.stdout.text).not.toContain("interactive");
    expect(run.node.calls).toEqual([]);
  });

  test.each(COMMAND_NAMES)("%s shows its flags, their variables, and examples", async (name) => {
    const run = runMain([name, "--help"]);
    expect(await run.exitCode).toBe(0);
    const text = run.stdout.text.replace(/\s+/g, " ");
    for (const field of COMMANDS[name].flags) {
      expect(text).toContain(`--${FLAGS[field].name} `);
      expect(text).toContain(`[${variableOf(field)}]`);
    }
    expect(text).toContain("Examples: ");
    expect(text).toContain(`peer ${name} `);
  });

  test("--version", async () => {
    const run = runMain(["--version"]);
    expect(await run.exitCode).toBe(0);
    expect(run.stdout.text).toBe(`${VERSION}\n`);
  });
});

test.each([
  [["download", "x", "--sed"], "unknown option '--sed'; (Did you mean --seed?)"],
  [["download"], "missing required argument 'WHAT'"],
  [["download", "a", "b"], "too many arguments"],
  [["share"], "missing required argument 'PATH'"],
  [["share", "x", "--listen"], "option '--listen <HOST:PORT>' argument missing"],
  [["share", "x", "--piece-length", "-5"], '--piece-length "-5" is not a size'],
  [["share", "x", "--piece-length", "0"], '--piece-length "0" is too small'],
  [["share", "x", "--tracker", "nonsense"], '--tracker "nonsense" is not HOST:PORT'],
  [["download", "-x"], "unknown option '-x'"],
  [["sing"], 'there is no command "sing"'],
  [["sing", "--json"], 'there is no command "sing"'],
  [["--tracker", "a:1", "share", "x"], 'the flags of "share" come after it'],
  [["--json"], "unknown option '--json'"],
  [["--lang", "fr"], '--lang "fr" is not one of en, vi'],
] as const)("%j is a usage error", async (argv, message) => {
  const run = runMain(argv);
  expect(await run.exitCode).toBe(2);
  expect(run.stderr.text).toContain(`peer: ${message}`);
  expect(run.stderr.text.trimEnd()).not.toContain("\n");
  expect(run.node.calls).toEqual([]);
});

test("an error in the flags is an event where --json was asked for", async () => {
  const asked = runMain(["share", "--json", "--piece-length", "0", "x"]);
  expect(await asked.exitCode).toBe(2);
  expect(asked.stdout.events).toMatchObject([{ event: "error", code: "PIECE_LENGTH_INVALID" }]);
  const byVariable = runMain(["download"], { env: { PIECEWISE_JSON: "1" } });
  expect(await byVariable.exitCode).toBe(2);
  expect(byVariable.stdout.events).toMatchObject([{ event: "error", code: "INVALID_ARGUMENT" }]);
  const notAsked = runMain(["download", "a", "--", "--json"]);
  expect(await notAsked.exitCode).toBe(2);
  expect(notAsked.stdout.text).toBe("");
});

test("docs/CLI.md names every flag, variable, exit code and event", () => {
  const text = readFileSync(new URL("../../../docs/CLI.md", import.meta.url), "utf8");
  for (const field of Object.keys(FLAGS) as FlagField[]) {
    expect(text).toContain(`\`--${FLAGS[field].name}`);
    expect(text).toContain(`\`${variableOf(field)}\``);
  }
  for (const code of Object.values(ExitCode)) expect(text).toMatch(new RegExp(`^\\| ${code} \\|`, "m"));
  for (const event of ["hashing", "shared", "serving", "progress", "finished", "content", "entry", "inspected", "difference", "verified", "error"]) {
    expect(text).toContain(`{"event":"${event}"`);
  }
});
