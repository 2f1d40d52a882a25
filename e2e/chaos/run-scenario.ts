import { appendFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Scenario } from "./scenario.js";
import { World } from "./world.js";

/** Of the trials that every run of all tests makes. */
const SEED_DEFAULT = 1;
const LOGS_FOLDER = fileURLToPath(new URL("../dist/chaos-logs/", import.meta.url));

/** What scripts/chaos/ says to these tests. */
const { PIECEWISE_CHAOS_SEED, PIECEWISE_CHAOS_FACTS } = process.env;

/** Runs it once, from the seed and at the length that the environment names. A failure says how to see it again, and where the logs are. */
export async function runScenario(scenario: Scenario): Promise<void> {
  const seed = Number(PIECEWISE_CHAOS_SEED ?? SEED_DEFAULT);
  const isLong = PIECEWISE_CHAOS_SEED !== undefined;
  const logs = `${LOGS_FOLDER}${scenario.name}-${seed}`;
  await rm(logs, { recursive: true, force: true });
  await using world = await World.open(seed, isLong);
  try {
    const { tries, recoveryMs, figures = {} } = await scenario.run(world);
    const { lostBytes, failedDownloads } = world;
    const facts = { scenario: scenario.name, fault: scenario.fault, seed, tries, lostBytes, failedDownloads, recoveryMs: recoveryMs.map(Math.round), figures };
    if (PIECEWISE_CHAOS_FACTS !== undefined) await appendFile(PIECEWISE_CHAOS_FACTS, `${JSON.stringify(facts)}\n`);
  } catch (error) {
    await world.keepLogs(logs);
    const again = `npm run test:chaos -- --minutes 0 --seed ${seed} ${scenario.name}`;
    throw new Error(`${(error as Error).message}\n\nTo see it again: ${again}\nWhat the processes printed: ${logs}`, { cause: error });
  }
}
