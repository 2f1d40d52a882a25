import {
  LOG_LEVELS,
  parseCount,
  parseDialAddress,
  parseLanguage,
  parseListenAddress,
  parseLogLevel,
  parsePieceLength,
  parseRate,
  parseSwitch,
  parseText,
  parseTimeoutMs,
} from "./flag-values.js";
import { LANGUAGES } from "./messages.js";

type Environment = Readonly<Record<string, string | undefined>>;
type Parse<Value> = (text: string, what: string) => Value;

/** What a shell offers for a word: paths, these words, or nothing. */
export type Completes = "path" | "nothing" | readonly string[];

/** One option of the command line. The variable is always `PIECEWISE_` and the flag in capitals. */
interface Flag<Arity extends "one" | "many" | "switch", Value> {
  readonly arity: Arity;
  /** Without the dashes. */
  readonly name: string;
  /** What stands for the value in the help; empty for a switch. */
  readonly placeholder: string;
  readonly description: string;
  readonly parse: Parse<Value>;
  readonly completes: Completes;
}

const one = <Value>(
  name: string,
  placeholder: string,
  parse: Parse<Value>,
  description: string,
  completes: Completes = "nothing",
): Flag<"one", Value> => ({
  arity: "one",
  name,
  placeholder,
  description,
  parse,
  completes,
});
const many = <Value>(name: string, placeholder: string, parse: Parse<Value>, description: string): Flag<"many", Value> => ({
  arity: "many",
  name,
  placeholder,
  description,
  parse,
  completes: "nothing",
});
const toggle = (name: string, description: string): Flag<"switch", boolean> => ({
  arity: "switch",
  name,
  placeholder: "",
  description,
  parse: parseSwitch,
  completes: "nothing",
});

/** Every flag of every command: option field → flag → variable. */
export const FLAGS = {
  trackers: many("tracker", "HOST:PORT", parseDialAddress, "a tracker to ask and to register with; may be repeated"),
  peers: many("peer", "HOST:PORT", parseDialAddress, "a peer to fetch from, without asking a tracker; may be repeated"),
  listen: one("listen", "HOST:PORT", parseListenAddress, "where to listen for other peers, port 0 for any"),
  advertise: one("advertise", "HOST:PORT", parseDialAddress, "the address that others are told, if it is not the one they see"),
  name: one("name", "NAME", parseText, "the name to share it under (default: the last part of PATH)"),
  pieceLength: one("piece-length", "SIZE", parsePieceLength, "bytes of a piece, such as 256K"),
  output: one("output", "PATH", parseText, "where to put it; an existing directory means inside it (default: its name)", "path"),
  peersMax: one("max-peers", "N", parseCount, "fetch from at most N peers at a time; 1 is the one-peer method"),
  uploadBytesPerSecond: one("upload-limit", "RATE", parseRate, "send at most so many bytes a second, such as 20M"),
  downloadBytesPerSecond: one("download-limit", "RATE", parseRate, "receive at most so many bytes a second, such as 20M"),
  sourceTimeoutMs: one("timeout", "SECONDS", parseTimeoutMs, "give up after so long without any peer that has it, 0 for never (default: 60)"),
  seed: toggle("seed", "go on serving afterwards, until Ctrl-C"),
  recordPath: one("record", "FILE", parseText, "write what the download went through into a new file, to go with a report of a bug", "path"),
  force: toggle("force", "replace what lies at the output"),
  json: toggle("json", "print one JSON event a line"),
  language: one("lang", "LANG", parseLanguage, "language of the questions, en or vi (default: by the locale)", LANGUAGES),
  logLevel: one("log", "LEVEL", parseLogLevel, "log debug, info, warn, error or nothing (silent) on stderr (default: warn)", LOG_LEVELS),
} as const;

export type FlagField = keyof typeof FLAGS;
type ValueOf<Field extends FlagField> =
  (typeof FLAGS)[Field] extends Flag<"many", infer Value>
    ? readonly Value[]
    : (typeof FLAGS)[Field] extends Flag<"one", infer Value>
      ? Value | undefined
      : boolean;

/** The parsed flags of one command. Repeated ones are an array, empty if not given; switches are false if not given. */
export type FlagValues<Field extends FlagField> = { readonly [Key in Field]: ValueOf<Key> };

/** `PIECEWISE_UPLOAD_LIMIT` for `upload-limit`. */
export const variableOf = (field: FlagField): string => `PIECEWISE_${FLAGS[field].name.toUpperCase().replaceAll("-", "_")}`;

/** What the command line held, by flag name: a text, all texts of a repeated flag, or true for a switch. */
export type RawFlags = Readonly<Record<string, string | readonly string[] | true | undefined>>;

/**
 * Parses the flags of a command; what the command line does not name is taken from the environment.
 * @throws UsageError that names the flag or the variable.
 */
export function readFlags<Field extends FlagField>(fields: readonly Field[], raw: RawFlags, env: Environment): FlagValues<Field> {
  return Object.fromEntries(fields.map((field) => [field, readFlag(field, raw, env)])) as FlagValues<Field>;
}

function readFlag(field: FlagField, raw: RawFlags, env: Environment): unknown {
  const { name, arity, parse } = FLAGS[field];
  const given = raw[name];
  if (given === true) return true;
  const values =
    given === undefined
      ? readVariable(env[variableOf(field)], arity).map((text) => parse(text, variableOf(field)))
      : [given].flat().map((text) => parse(text, `--${name}`));
  switch (arity) {
    case "many":
      return [...new Set(values)];
    case "one":
      return values[0];
    case "switch":
      return values[0] ?? false;
  }
}

/** An empty variable is one that is not set; commas part the values of a repeated flag. */
function readVariable(text = "", arity: "one" | "many" | "switch"): string[] {
  const texts = arity === "many" ? text.split(",").map((item) => item.trim()) : [text];
  return texts.filter((item) => item !== "");
}
