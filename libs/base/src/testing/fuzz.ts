import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, test } from "vitest";
import { bytesOf } from "./fuzz-text.js";
import { mutatedBytes } from "./mutated-bytes.js";

/** Inputs that each decoder is tried with by `npm test`, always the same ones; longer runs set a seed and a number of their own. */
const CASES = Number(process.env.PIECEWISE_FUZZ_CASES ?? 10_000);
const PARAMETERS = { numRuns: CASES, seed: Number(process.env.PIECEWISE_FUZZ_SEED ?? 1) };
/** A case takes less than a millisecond. This is for a machine that is busy, and for cases that never end. */
const TIMEOUT_MS = 60_000 + 10 * CASES;

/** An input that is worth to be kept: one that once broke something, or one that reaches far. */
interface CorpusEntry {
  readonly what: string;
  readonly hex?: string;
  readonly text?: string;
}

interface FuzzTarget<Outcome> {
  /** What is tried. */
  readonly name: string;
  /** A file of inputs that are tried one by one, and that others are made of. */
  readonly corpus: URL;
  /** Inputs as they should be, of which all others are made. */
  readonly valid: fc.Arbitrary<Uint8Array>;
  /** Throws if what has to hold for every input does not hold for this one. */
  check(input: Uint8Array): Outcome;
}

/** Declares the tests of a decoder: each input of its corpus, and many that nobody wrote. */
export function fuzz({ name, corpus, valid, check }: FuzzTarget<void>): void {
  const entries = readCorpus(corpus);
  const expectHeld = (input: Uint8Array): void => {
    try {
      check(input);
    } catch (error) {
      report(input, error);
    }
  };
  describe(`whatever comes as ${name}`, () => {
    test.each(entries)("$what", (entry) => expectHeld(inputOf(entry)));
    const expectAllHeld = (): void => fc.assert(fc.property(inputsFor(valid, entries), expectHeld), PARAMETERS);
    test(`${CASES} inputs`, () => expectAllHeld(), TIMEOUT_MS);
  });
}

/** The same for what answers later. */
export function fuzzAsync({ name, corpus, valid, check }: FuzzTarget<Promise<void>>): void {
  const entries = readCorpus(corpus);
  const expectHeld = (input: Uint8Array): Promise<void> => check(input).catch((error: unknown) => report(input, error));
  describe(`whatever comes as ${name}`, () => {
    test.each(entries)("$what", (entry) => expectHeld(inputOf(entry)));
    const expectAllHeld = (): Promise<void> => fc.assert(fc.asyncProperty(inputsFor(valid, entries), expectHeld), PARAMETERS);
    test(`${CASES} inputs`, () => expectAllHeld(), TIMEOUT_MS);
  });
}

const readCorpus = (corpus: URL): CorpusEntry[] => JSON.parse(readFileSync(corpus, "utf8")) as CorpusEntry[];

const inputOf = ({ hex, text }: CorpusEntry): Uint8Array => (hex === undefined ? bytesOf(text ?? "") : Buffer.from(hex, "hex"));

const inputsFor = (valid: fc.Arbitrary<Uint8Array>, entries: readonly CorpusEntry[]): fc.Arbitrary<Uint8Array> =>
  mutatedBytes(fc.oneof({ weight: 7, arbitrary: valid }, { weight: 1, arbitrary: fc.constantFrom(...entries.map(inputOf)) }));

/** Adds to what went wrong the line for the corpus. */
function report(input: Uint8Array, error: unknown): never {
  const hex = Buffer.from(input).toString("hex");
  throw new Error(`${error instanceof Error ? error.message : String(error)}\nfor the corpus: { "what": "…", "hex": "${hex}" }`, { cause: error });
}
