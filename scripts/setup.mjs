// What every command needs before it can do its work: dependencies, types, binaries. Several commands at once in one folder take turns.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "./processes/lock.mjs";
import { Failure } from "./processes/processes.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const bin = (name) => join(root, "node_modules/.bin", name);

const TURN_WAIT_MS = 600_000;
/** It lies inside node_modules, so that whatever removes those removes it, too. */
const stampPath = join(root, "node_modules/.piecewise-installed");

/** Installs the dependencies, if they are not those of this package-lock.json or were installed by another Node. */
export const install = (processes) =>
  inTurn(processes, async () => {
    const stamp = createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).update(process.version).digest("hex");
    if (existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp) return;

    console.log("Installing dependencies with npm ci");
    // Development dependencies are the tools that build: they are wanted also where NODE_ENV or npm's configuration says otherwise.
    const code = await processes.run("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root });
    if (code !== 0) throw new Failure("npm ci failed for the reason it gives above. Is the registry reachable? Mend it and try again.");
    writeFileSync(stampPath, stamp);
  });

/** Compiles what `projects` name and all that they refer to; without any the whole workspace with its tests. */
export const buildTypes = (processes, projects = []) =>
  inTurn(processes, async () => {
    const code = await processes.run(bin("tsc"), ["-b", ...projects], { cwd: root });
    if (code !== 0) throw new Failure("The types do not check: see above.");
  });

/** Builds the files that node_modules/.bin/tracker and node_modules/.bin/peer run. */
export const buildBinaries = (processes) =>
  inTurn(processes, async () => {
    const { code, stdout, stderr } = await processes.capture(bin("nx"), ["run-many", "-t", "bundle"], { cwd: root, env: nxEnv });
    if (code !== 0) throw new Failure(`The binaries could not be built:\n${stdout}${stderr}`);
  });

/** Keeps nx a plain command: no daemon that lingers, no terminal that is taken over, no cloud. */
export const nxEnv = { NX_DAEMON: "false", NX_TUI: "false", NX_NO_CLOUD: "true" };

/** Keeps buf's cache out of the working directory, where it goes if there is no home. */
export const bufEnv = { BUF_CACHE_DIR: join(root, "node_modules/.cache/buf") };

function inTurn(processes, work) {
  const lock = {
    holderPid: processes.holderPid,
    waitMs: TURN_WAIT_MS,
    onWait: (pid) => console.log(`Waiting for process ${pid}, which installs or builds in this folder`),
    busy: (pid) => `Process ${pid} has been installing or building in this folder for too long: end it and try again.`,
  };
  return withLock(join(root, ".nx/setup.lock"), lock, work);
}
