import { readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { withProcesses } from "../processes/processes.mjs";
import { readRoundArguments, SEED_MAX } from "../round-arguments.mjs";
import { bin, buildTypes, install, root } from "../setup.mjs";

const USAGE = "npm run test:fuzz -- [--minutes M] [--seed N] [PART OF A TEST'S PATH...]";
/** Inputs for each decoder in one round; `npm test` tries 10,000. */
const CASES_PER_ROUND = 30_000;
const REPORT = join(root, "dist/fuzz-report.json");

await withProcesses(async (processes) => {
  const { minutes, seed, words: paths } = readRoundArguments(USAGE);
  await install(processes);
  await buildTypes(processes, ["libs/peer-node", "libs/tracker-node"]);
  const endMs = Date.now() + 60_000 * minutes;
  let rounds = 0;
  // One round at least, so that no minutes are enough to see one again.
  do {
    const roundSeed = (seed + rounds) % SEED_MAX;
    console.log(`\n== Seed ${roundSeed}, ${CASES_PER_ROUND} inputs for each decoder`);
    const failed = await runRound(processes, roundSeed, paths);
    if (failed !== undefined) {
      console.error(`\nSeed ${roundSeed} broke what is named above. To see it again:\n  npm run test:fuzz -- --minutes 0 --seed ${roundSeed} ${failed.join(" ")}`);
      return 1;
    }
    rounds += 1;
  } while (Date.now() < endMs);
  console.log(`\nNothing broke: ${rounds} rounds from seed ${seed} on`);
  return 0;
});

/** @returns the files of tests that failed; undefined if none did. */
async function runRound(processes, seed, paths) {
  rmSync(REPORT, { force: true });
  const filters = paths.length > 0 ? paths : [".fuzz.test.ts"];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
  const env = { PIECEWISE_FUZZ_SEED: String(seed), PIECEWISE_FUZZ_CASES: String(CASES_PER_ROUND) };
  const code = await processes.run(bin("vitest"), ["run", ...reporters, ...filters], { cwd: root, env });
  if (code === 0) return undefined;
  const { testResults } = JSON.parse(readFileSync(REPORT, "utf8"));
  return testResults.filter(({ status }) => status === "failed").map(({ name }) => relative(root, name));
}
