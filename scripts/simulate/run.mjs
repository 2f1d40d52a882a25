import { join } from "node:path";
import { withProcesses } from "../processes/processes.mjs";
import { buildTypes, install, root } from "../setup.mjs";

/** Runs a program of the simulator with the arguments of this one. */
export const run = (program) =>
  withProcesses(async (processes) => {
    await install(processes);
    await buildTypes(processes, ["libs/simulator"]);
    return processes.run(process.execPath, [join(root, "libs/simulator/dist/entry", `${program}.js`), ...process.argv.slice(2)]);
  });
