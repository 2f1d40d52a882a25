import { rmSync } from "node:fs";
import { withProcesses } from "../processes/processes.mjs";
import { install, root } from "../setup.mjs";

await withProcesses(async (processes) => {
  await install(processes);
  // Only now: it needs what was installed.
  const { bundleHostile } = await import("./bundle.mjs");
  const program = await bundleHostile();
  process.once("exit", () => rmSync(program, { force: true }));
  return processes.run(process.execPath, [program, ...process.argv.slice(2)], { cwd: process.env.INIT_CWD ?? root });
});
