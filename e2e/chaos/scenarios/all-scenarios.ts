import type { Scenario } from "../scenario.js";
import { anySwarm } from "./any-swarm.js";
import { diskErrors } from "./disk-errors.js";
import { diskFull, diskReadOnly } from "./disk-faults.js";
import { drain } from "./drain.js";
import { fetcherKilled } from "./fetcher-killed.js";
import { fileDamaged } from "./file-damaged.js";
import { fewFiles } from "./few-files.js";
import { linkCut } from "./link-cut.js";
import { powerLost } from "./power-lost.js";
import { rollingRestart } from "./rolling-restart.js";
import { seederRestarted } from "./seeder-restarted.js";
import { seederStopped } from "./seeder-stopped.js";
import { seedersKilled } from "./seeders-killed.js";
import { slowSeeder } from "./slow-seeder.js";
import { soak } from "./soak.js";
import { trackerGone, trackerRestarted, trackersKilled, trackersStopped } from "./tracker-faults.js";

export const allScenarios: readonly Scenario[] = [
  fetcherKilled,
  seedersKilled,
  seederStopped,
  seederRestarted,
  trackerRestarted,
  trackerGone,
  trackersKilled,
  trackersStopped,
  fileDamaged,
  drain,
  rollingRestart,
  slowSeeder,
  anySwarm,
  linkCut,
  diskFull,
  diskReadOnly,
  diskErrors,
  powerLost,
  fewFiles,
  soak,
];
