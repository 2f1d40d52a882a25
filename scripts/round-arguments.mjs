import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { Failure } from "./processes/processes.mjs";

const MINUTES_DEFAULT = 10;
/** Seeds are below this. */
export const SEED_MAX = 2 ** 31 - 1;

/**
 * What a command that goes from seed to seed was told: for how long, from which seed on (a random one by default), and the words after the flags.
 * @param checkWord throws if one of those words is none.
 * @throws Failure with `usage`.
 */
export function readRoundArguments(usage, checkWord = () => {}) {
  try {
    const options = { minutes: { type: "string" }, seed: { type: "string" } };
    const { values, positionals } = parseArgs({ args: process.argv.slice(2), options, allowPositionals: true });
    const minutes = Number(values.minutes ?? MINUTES_DEFAULT);
    const seed = Number(values.seed ?? randomInt(SEED_MAX));
    if (!(minutes >= 0) || !(Number.isInteger(seed) && seed >= 0 && seed < SEED_MAX)) throw new TypeError(`minutes from 0, a seed from 0 to ${SEED_MAX - 1}`);
    for (const word of positionals) checkWord(word);
    return { minutes, seed, words: positionals };
  } catch (error) {
    throw new Failure(`${error.message}\nUsage: ${usage}`);
  }
}
