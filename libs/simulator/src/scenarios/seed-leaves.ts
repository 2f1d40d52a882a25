import type { Fault, Simulation } from "../simulation.js";
import { crowd, everyoneFinishes } from "./crowd.js";
import type { Goal, Scenario } from "./scenario.js";

/** It stays until every piece is somewhere else, but never sends more than this part of the content. */
const SENDS_MAX = 1.1;

export const seedLeaves: Scenario = {
  name: "seed-leaves",
  summary: "the only seed is gone as soon as every piece is somewhere else, and once it has sent 1.1 times the content in any case",
  run(laboratory) {
    let finishedBefore = 0;
    const leaves: Fault = {
      isDue: (simulation) => seedSent(simulation) >= SENDS_MAX || (seedSent(simulation) >= 1 && isAllElsewhere(simulation)),
      strike({ nodes, leechers }) {
        finishedBefore = leechers.filter(({ finishedAtUs }) => finishedAtUs !== undefined).length;
        nodes[0]!.crash(true);
      },
    };
    const result = laboratory.run(crowd(laboratory, "seed leaves", { faults: [leaves] }));
    // If most were done by then, nobody would have had to do without it.
    const isMissed: Goal = { name: "finished before the seed left / peers", actual: finishedBefore / laboratory.peers, limit: 0.5 };
    return [everyoneFinishes(result), isMissed];
  },
};

const seedSent = ({ nodes, geometry }: Simulation): number => nodes[0]!.host.sentBytes / geometry.totalBytes;

function isAllElsewhere({ leechers, setup }: Simulation): boolean {
  for (let piece = 0; piece < setup.pieceCount; piece += 1) if (!leechers.some(({ disk }) => disk.stored.has(piece))) return false;
  return true;
}
