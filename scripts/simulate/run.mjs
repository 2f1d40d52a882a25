import { join } from "node:path";
import { withProcesses } from "../processes/processes.mjs";
import { buildTypes, install, root } from "../setup.mjs";

/** Many small objects live for a moment of virtual time: with more room for the young ones they are gone before they are looked at. */
const FLAGS = ["--max-semi-space-size=64"];

/** Runs a program of the simulator with the arguments of this one. */
export const run = (program) =>
  withProcesses(async (processes) => {
    await install(processes);
    await buildTypes(processes, ["libs/simulator"]);
    return processes.run(process.execPath, [...FLAGS, join(root, "libs/simulator/dist/entry", `${program}.js`), ...process.argv.slice(2)]);
  });
