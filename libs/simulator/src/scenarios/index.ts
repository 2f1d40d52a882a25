import { alwaysBusy, liars, stallers, tricklers } from "./bad-company.js";
import { baselines } from "./baselines.js";
import { churn } from "./churn.js";
import { flashCrowd } from "./flash-crowd.js";
import { freeRiders } from "./free-riders.js";
import { lostConnections } from "./lost-connections.js";
import { mixedUplinks } from "./mixed-uplinks.js";
import { partitionHeals } from "./partition-heals.js";
import { poison } from "./poison.js";
import { scaling } from "./scaling.js";
import type { Scenario } from "./scenario.js";
import { seedLeaves } from "./seed-leaves.js";
import { severalSeeds } from "./several-seeds.js";
import { slowDisks } from "./slow-disks.js";
import { slowPeer } from "./slow-peer.js";
import { trackerDies } from "./tracker-dies.js";
import { trackerReturns } from "./tracker-returns.js";
import { vanishAt99 } from "./vanish-at-99.js";

export { type Goal, isMet, type Laboratory, none, type Scenario } from "./scenario.js";

/** All of them, those with figures to reach first. */
export const SCENARIOS: readonly Scenario[] = [
  flashCrowd,
  baselines,
  scaling,
  severalSeeds,
  seedLeaves,
  churn,
  slowPeer,
  poison,
  mixedUplinks,
  freeRiders,
  trackerDies,
  trackerReturns,
  partitionHeals,
  lostConnections,
  slowDisks,
  liars,
  stallers,
  tricklers,
  alwaysBusy,
  vanishAt99,
];
