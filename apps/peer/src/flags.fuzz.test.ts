import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { Writable } from "node:stream";
import { PiecewiseError } from "@piecewise/base";
import { bytesOf, fuzzAsync, textOf } from "@piecewise/base/testing";
import { CommanderError } from "commander";
import * as fc from "fast-check";
import { COMMANDS } from "./command-table.js";
import { FLAGS, readFlags, variableOf, type FlagField, type RawFlags } from "./flags.js";
import type { Host } from "./host.js";
import { createProgram } from "./program.js";
import { parseWhat } from "./what.js";
import { createStopSwitch } from "./stop-switch.js";

const FIELDS = Object.keys(FLAGS) as FlagField[];
const COMMAND_WORDS = [...Object.keys(COMMANDS), "interactive", "--help", "--version", "--", "-", "--tracker", "--json=1", "--lang", "--seed=1", "--no-seed"];
const VALUES = ["127.0.0.1:50051", "[::1]:0", "a:1,b:2", ",", "256K", "0", "-1", "1e9", "20M", "1.5", "60", "2000001", "vi", "debug", "yes", "maybe", "film.mkv", "/tmp/x", "", "é", "\u{1b}"];

/** Those that name a variable set it, the others are the command line. */
const anyWord = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...FIELDS.flatMap((field) => [`--${FLAGS[field].name}`, `--${FLAGS[field].name}=`])) },
  { weight: 3, arbitrary: fc.constantFrom(...VALUES) },
  { weight: 1, arbitrary: fc.constantFrom(...COMMAND_WORDS) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...FIELDS), fc.constantFrom(...VALUES)).map(([field, value]) => `${variableOf(field)}=${value}`) },
);
const commandLine = fc
  .tuple(fc.constantFrom(...Object.keys(COMMANDS)), fc.array(anyWord, { maxLength: 6 }))
  .map(([command, words]) => bytesOf([command, ...words].join("\n")));

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });

/** Thrown where a command would begin to run: its flags were read. */
class Reached extends Error {}

const reach = (): never => {
  throw new Reached();
};

function hostWith(env: Record<string, string>): Host {
  return { env, stdin: process.stdin, stdout: nowhere, stderr: nowhere, stop: createStopSwitch(() => {}), nowMs: () => 0, startNode: reach };
}

async function parse(argv: readonly string[], env: Record<string, string>): Promise<unknown> {
  const program = createProgram(hostWith(env), reach);
  try {
    await program.parseAsync(argv, { from: "user" });
    return undefined;
  } catch (error) {
    return error;
  }
}

function checkRefusal(error: unknown): void {
  if (error === undefined || error instanceof Reached || error instanceof CommanderError) return;
  if (!(error instanceof PiecewiseError && error.kind === "usage")) throw error;
}

/** Each flag by itself, from the command line and from the environment: the same text means the same. */
function checkFlag(field: FlagField, text: string): void {
  const { name, arity } = FLAGS[field];
  const read = (raw: RawFlags, env: Record<string, string>): unknown => {
    try {
      return readFlags([field], raw, env)[field];
    } catch (error) {
      checkRefusal(error);
      return PiecewiseError;
    }
  };
  const value = read({ [name]: arity === "many" ? [text] : text }, {});
  if (text !== "" && text === text.trim() && !text.includes(",")) deepStrictEqual(read({}, { [variableOf(field)]: text }), value);
  if (typeof value === "number") ok(Number.isSafeInteger(value) && value >= 0, `--${name} ${text} is ${value}`);
}

const isVariable = (word: string): boolean => word.startsWith("PIECEWISE_") && word.includes("=");

fuzzAsync({
  name: "a command line of peer",
  corpus: new URL("testdata/command-line.corpus.json", import.meta.url),
  valid: commandLine,
  async check(input) {
    const words = textOf(input).split("\n").slice(0, 12);
    const env = Object.fromEntries(words.filter(isVariable).map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]));
    checkRefusal(await parse(words.filter((one) => !isVariable(one)), env));
    const field = FIELDS[(input.at(-1) ?? 0) % FIELDS.length]!;
    for (const one of words) checkFlag(field, one);
    for (const one of words) {
      try {
        const what = parseWhat(one);
        equal(what.kind === "name" ? what.name : one, one);
      } catch (error) {
        checkRefusal(error);
      }
    }
  },
});

