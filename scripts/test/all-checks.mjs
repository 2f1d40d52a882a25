import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure, withProcesses } from "../processes/processes.mjs";
import { checkProto } from "../proto.mjs";
import { bin, buildBinaries, buildTypes, install, nxEnv, root } from "../setup.mjs";
import { countTests } from "./test-report.mjs";

const REPORT = "dist/test-report.json";

/** In the order in which a mistake is cheapest to find. A step that runs tests returns the paths of vitest's reports. */
const STEPS = [
  ["Dependencies", install],
  ["Contract: generated code, style, format, compatibility", checkProto],
  ["Lint", (processes) => expectSuccess(processes, "oxlint", ["--deny-warnings"])],
  ["Types", (processes) => buildTypes(processes)],
  ["Binaries", buildBinaries],
  ["Boundaries and purity", (processes) => testFolder(processes, "checks")],
  ["Unit, contract and golden tests", testProjects],
  // Much of the time there is spent in waiting for processes.
  ["End to end, on the built binaries", (processes) => testFolder(processes, "e2e", ["--maxWorkers=2"])],
];

await withProcesses(async (processes) => {
  const total = { passed: 0, failed: 0 };
  let reason;
  for (const [title, step] of STEPS) {
    reason = await runStep(processes, title, step, total);
    if (reason !== undefined) break;
  }
  if (reason !== undefined) {
    console.error(`\n${reason}`);
    total.failed ||= 1; // A step that failed without a failed test counts as one.
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return reason === undefined ? 0 : 1;
});

/** Adds the step's tests to `total`. @returns why the step failed, undefined if it did not. */
async function runStep(processes, title, step, total) {
  console.log(`\n== ${title}`);
  const startedMs = performance.now();
  try {
    const { code, reports } = (await step(processes)) ?? { code: 0, reports: [] };
    const { passed, failed } = countTests(reports);
    total.passed += passed;
    total.failed += failed;
    if (code !== 0 || failed > 0) throw new Failure(`${title}: failed, see above.`);
    console.log(`== ${title}: fine, ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

/** The tests of all libraries and apps, and of the benchmarks; what did not change since it passed is not run again. */
async function testProjects(processes) {
  const reports = projectsWithTests().map((folder) => join(folder, REPORT));
  for (const report of reports) rmSync(report, { force: true });
  const code = await processes.run(bin("nx"), ["run-many", "-t", "test", "--parallel=2", "--outputStyle=static"], { cwd: root, env: nxEnv });
  return { code, reports };
}

function projectsWithTests() {
  const folders = ["libs", "apps"].flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name)));
  return [...folders, join(root, "benchmarks")].filter(hasTests);
}

function hasTests(folder) {
  const manifest = join(folder, "package.json");
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).nx?.targets?.test !== undefined;
}

async function testFolder(processes, folder, flags = []) {
  const report = join(root, folder, REPORT);
  rmSync(report, { force: true });
  const where = ["--config", join(root, "vitest.config.ts"), "--root", folder];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const code = await processes.run(bin("vitest"), ["run", ...where, ...reporters, ...flags], { cwd: root });
  return { code, reports: [report] };
}

async function expectSuccess(processes, tool, args) {
  const { code, stdout, stderr } = await processes.capture(bin(tool), args, { cwd: root });
  if (code !== 0) throw new Failure(`${stdout}${stderr}`);
}
