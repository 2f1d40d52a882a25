import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withProcesses } from "../processes/processes.mjs";
import { readRoundArguments, SEED_MAX } from "../round-arguments.mjs";
import { bin, buildBinaries, buildTypes, install, root } from "../setup.mjs";
import { factsTable } from "./facts-table.mjs";

const USAGE = "npm run test:chaos -- [--minutes M] [--seed N] [SCENARIO...]";
/** Scenarios mostly wait; more of them at once would measure each other. */
const AT_A_TIME = 2;

await withProcesses(async (processes) => {
  const { minutes, seed, words: scenarios } = readRoundArguments(USAGE, checkScenario);
  await install(processes);
  await buildTypes(processes, ["apps/tracker", "apps/peer"]);
  await buildBinaries(processes);
  // Tests that are killed cannot remove what they have made.
  const folder = mkdtempSync(join(tmpdir(), "piecewise-chaos-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const facts = join(folder, "facts");

  const endMs = Date.now() + 60_000 * minutes;
  let rounds = 0;
  let isFine = true;
  // One round at least, so that no minutes are enough to see one again.
  do {
    const roundSeed = (seed + rounds) % SEED_MAX;
    console.log(`\n== Seed ${roundSeed}`);
    isFine = await runRound(processes, { roundSeed, scenarios, folder, facts });
    rounds += 1;
  } while (isFine && Date.now() < endMs);
  if (existsSync(facts)) console.log(`\n${rounds} rounds, seeds from ${seed} on:\n\n${factsTable(readFileSync(facts, "utf8").trim().split("\n").map((line) => JSON.parse(line)))}`);
  if (!isFine) console.error("\nA fault was not survived: the command that shows it again, and where the logs are, stand above.");
  return isFine ? 0 : 1;
});

function checkScenario(word) {
  if (!/^[a-z-]+$/.test(word)) throw new TypeError(`"${word}" is no scenario: they are the names of the tests`);
}

/** Does every fault once, from one seed. @returns whether all was well. */
async function runRound(processes, { roundSeed, scenarios, folder, facts }) {
  const names = scenarios.length > 0 ? ["--testNamePattern", ` (${scenarios.join("|")})$`] : [];
  const args = ["run", "--config", join(root, "vitest.config.ts"), "--root", "e2e", "--reporter=verbose", "--maxConcurrency", String(AT_A_TIME), ...names, "chaos/"];
  const env = { PIECEWISE_CHAOS_SEED: String(roundSeed), PIECEWISE_CHAOS_FACTS: facts, TMPDIR: folder };
  return (await processes.run(bin("vitest"), args, { cwd: root, env })) === 0;
}
