import { expect, test } from "vitest";
import { COMMANDS, INTERACTIVE_FLAGS } from "./command-table.js";
import { FLAGS, readFlags, variableOf, type FlagField, type RawFlags } from "./flags.js";

const fields = Object.keys(FLAGS) as FlagField[];
const none: RawFlags = {};

type Env = Record<string, string>;
const readPieceLength = (raw: RawFlags, env: Env) => readFlags(["pieceLength"], raw, env).pieceLength;
const readTrackers = (raw: RawFlags, env: Env) => readFlags(["trackers"], raw, env).trackers;
const readSeed = (raw: RawFlags, env: Env) => readFlags(["seed"], raw, env).seed;

test("a flag has one name, one variable, and a command that uses it", () => {
  expect(new Set(fields.map((field) => FLAGS[field].name)).size).toBe(fields.length);
  expect(variableOf("trackers")).toBe("PIECEWISE_TRACKER");
  expect(variableOf("uploadBytesPerSecond")).toBe("PIECEWISE_UPLOAD_LIMIT");
  expect(new Set<string>([INTERACTIVE_FLAGS, ...Object.values(COMMANDS).map(({ flags }) => flags)].flat())).toEqual(new Set(fields));
});

test("flags win over variables, variables over defaults", () => {
  expect(readPieceLength({ "piece-length": "1M" }, { PIECEWISE_PIECE_LENGTH: "2M" })).toBe(1_048_576);
  expect(readPieceLength(none, { PIECEWISE_PIECE_LENGTH: "2M" })).toBe(2_097_152);
  expect(readPieceLength(none, { PIECEWISE_PIECE_LENGTH: "" })).toBeUndefined();
  expect(readPieceLength(none, {})).toBeUndefined();
});

test("repeated flags accumulate, a variable parts them with commas, and doubles go", () => {
  expect(readTrackers({ tracker: ["a:1", "b:2", "a:1"] }, { PIECEWISE_TRACKER: "c:3" })).toEqual(["a:1", "b:2"]);
  expect(readTrackers(none, { PIECEWISE_TRACKER: "a:1, b:2," })).toEqual(["a:1", "b:2"]);
  expect(readTrackers(none, {})).toEqual([]);
});

test("switches are on by flag or variable", () => {
  expect(readSeed({ seed: true }, { PIECEWISE_SEED: "0" })).toBe(true);
  expect(readSeed(none, { PIECEWISE_SEED: "1" })).toBe(true);
  expect(readSeed(none, { PIECEWISE_SEED: "no" })).toBe(false);
  expect(readSeed(none, {})).toBe(false);
});

test("an error names the flag or the variable that it is in", () => {
  expect(() => readFlags(["pieceLength"], { "piece-length": "x" }, {})).toThrow(/^--piece-length "x" is not a size/);
  expect(() => readFlags(["pieceLength"], {}, { PIECEWISE_PIECE_LENGTH: "x" })).toThrow(/^PIECEWISE_PIECE_LENGTH "x" is not a size/);
  expect(() => readFlags(["output"], { output: "" }, {})).toThrow("--output is empty");
  expect(() => readFlags(["trackers"], { tracker: ["a:1", "nonsense"] }, {})).toThrow('--tracker "nonsense" is not HOST:PORT');
  expect(() => readFlags(["seed"], {}, { PIECEWISE_SEED: "maybe" })).toThrow('PIECEWISE_SEED "maybe" is neither 1 nor 0');
});
