import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { Failure, withProcesses } from "../processes/processes.mjs";
import { root } from "../setup.mjs";

/** The versions that README.md calls supported. */
const SUPPORTED = ["20", "22", "24"];
/** What a fresh clone does not have. */
const NOT_COPIED = new Set([".git", ".nx", "node_modules", "dist", "demo-output"]);

await withProcesses(async (processes) => {
  const results = [];
  for (const version of chosenVersions()) results.push(await testOn(processes, version));
  console.log("");
  for (const { node, ok, minutes } of results) console.log(`Node ${node}: ${ok ? "fine" : "failed, see above"}, ${minutes} min`);
  return results.every(({ ok }) => ok) ? 0 : 1;
});

function chosenVersions() {
  const chosen = process.argv.slice(2);
  const unknown = chosen.find((version) => !SUPPORTED.includes(version));
  if (unknown !== undefined) throw new Failure(`"${unknown}" is no supported version of Node: choose from ${SUPPORTED.join(", ")}.`);
  return chosen.length > 0 ? chosen : SUPPORTED;
}

/** As a newcomer with that Node would: in a fresh copy of the project, which then installs for itself. */
async function testOn(processes, version) {
  const { path, node } = await fetchNode(processes, version);
  console.log(`\n==== Node ${node}`);
  const startedMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), `piecewise-node-${version}-`));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove); // Also when this is stopped half-way.
  cpSync(root, folder, { recursive: true, filter: (source) => !NOT_COPIED.has(basename(source)) });
  // First on the PATH, it is also what npm and the tools in node_modules/.bin run on.
  const env = { PATH: `${dirname(path)}${delimiter}${process.env.PATH}` };
  const code = await processes.run(path, ["scripts/test.mjs"], { cwd: folder, env });
  remove();
  process.off("exit", remove);
  return { node, ok: code === 0, minutes: ((performance.now() - startedMs) / 60_000).toFixed(1) };
}

/** The newest Node of that major version, from the npm registry. */
async function fetchNode(processes, version) {
  const print = "JSON.stringify({ path: process.execPath, node: process.versions.node })";
  const args = ["--yes", "--package", `node@${version}`, "node", "--print", print];
  const { code, stdout, stderr } = await processes.capture("npx", args, { cwd: tmpdir() });
  if (code !== 0) throw new Failure(`Node ${version} could not be fetched from the npm registry:\n${stderr}`);
  return JSON.parse(stdout);
}
