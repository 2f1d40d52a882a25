import { lastOf, type RunResult } from "../run-result.js";
import { several } from "../swarm-plan.js";
import { crowd, everyoneFinishes } from "./crowd.js";
import type { Scenario } from "./scenario.js";

const SMALLEST_PEERS = 10;

export const scaling: Scenario = {
  name: "scaling",
  summary: "ten peers, and ten times as many up to what is asked for: each peer adds its own rate",
  run(laboratory) {
    const results: RunResult[] = [];
    for (let peers = Math.min(SMALLEST_PEERS, laboratory.peers); peers <= laboratory.peers; peers *= 10) {
      results.push(laboratory.run(crowd(laboratory, `${peers} peers`, { others: several(peers) })));
    }
    const [smallest] = results;
    const largest = results.at(-1)!;
    return [
      ...results.map(everyoneFinishes),
      // A rate of 0.9 of what n times as many peers should reach is a time 1 / 0.9 as long as that of the few.
      { name: "time of the largest / smallest swarm", actual: lastOf(largest) / lastOf(smallest!), limit: 1 / 0.9 },
    ];
  },
};
