import { createPrng } from "@piecewise/base";
import { percentile } from "../run-result.js";
import type { Fault } from "../simulation.js";
import { CROWD_AT_US, CROWD_SPREAD_US } from "../swarm-plan.js";
import { atTime, crowd, everyoneFinishes } from "./crowd.js";
import type { Scenario } from "./scenario.js";

/** How many crash, of a hundred; every other one of them comes back. */
const CRASHES_PER_CENT = 30;
const AWAY_US = 5_000_000;

export const churn: Scenario = {
  name: "churn",
  summary: "30 % of the peers crash at random moments, half of them without a word; every other one comes back",
  run(laboratory) {
    const undisturbed = laboratory.run(crowd(laboratory, "undisturbed"));
    const medianUs = percentile(undisturbed.completionsUs, 50);
    const disturbed = laboratory.run(crowd(laboratory, "churn", { faults: crashes(laboratory.seed, laboratory.peers, medianUs) }));
    return [
      everyoneFinishes(disturbed),
      { name: "median completion / undisturbed", actual: percentile(disturbed.completionsUs, 50) / medianUs, limit: 1.3 },
    ];
  },
};

function crashes(seed: number, peers: number, withinUs: number): readonly Fault[] {
  const prng = createPrng(seed);
  const victims = prng.shuffle(Array.from({ length: peers }, (_, index) => index + 1)).slice(0, Math.floor((peers * CRASHES_PER_CENT) / 100));
  // When all have come, and well before most are done, so that it is the middle of a download also where the content is small.
  const spanUs = Math.max(1, withinUs - 2 * CROWD_SPREAD_US);
  return victims.flatMap((victim, index) => {
    const atUs = CROWD_AT_US + CROWD_SPREAD_US + prng.below(spanUs);
    const comesBack = index % 2 === 0;
    const isHeard = index % 4 < 2;
    const crash = atTime(atUs, ({ nodes }) => {
      const node = nodes[victim]!;
      node.isGone = !comesBack;
      node.crash(isHeard);
    });
    return comesBack ? [crash, atTime(atUs + AWAY_US, ({ nodes }) => nodes[victim]!.start())] : [crash];
  });
}
