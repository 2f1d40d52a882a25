import { completionUs, percentile, type RunResult } from "../run-result.js";
import { type NodePlan, several, UPLINK_BYTES_PER_SECOND } from "../swarm-plan.js";
import { crowd, everyoneFinishes } from "./crowd.js";
import type { Scenario } from "./scenario.js";

const firstIsSlow = (index: number): NodePlan => (index === 0 ? { upBytesPerSecond: UPLINK_BYTES_PER_SECOND / 10 } : {});

export const slowPeer: Scenario = {
  name: "slow-peer",
  summary: "one uplink is ten times slower, and nobody waits for it at 99 %",
  run(laboratory) {
    const equal = laboratory.run(crowd(laboratory, "all equal"));
    const unequal = laboratory.run(crowd(laboratory, "one is slow", { others: several(laboratory.peers, firstIsSlow) }));
    return [everyoneFinishes(unequal), { name: "p99 of the others / without it", actual: p99OfOthers(unequal) / p99OfOthers(equal), limit: 1.1 }];
  },
};

function p99OfOthers({ survivors }: RunResult): number {
  const others = survivors.slice(1).filter(({ finishedAtUs }) => finishedAtUs !== undefined);
  return percentile(others.map(completionUs).toSorted((a, b) => a - b), 99);
}
