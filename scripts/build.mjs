// npm run build: types and JavaScript of every library, and the tracker and the peer as one file each.
import "./require-node.mjs";
import { withProcesses } from "./processes/processes.mjs";
import { buildBinaries, buildTypes } from "./setup.mjs";

await withProcesses(async (processes) => {
  await buildTypes(processes, ["apps/tracker", "apps/peer"]);
  await buildBinaries(processes);
});
