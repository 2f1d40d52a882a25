import type { SimulatedNode } from "../node/simulated-node.js";
import type { Simulation } from "../simulation.js";
import { type Checker, CheckFailed } from "./checker.js";

/** Longer than any pause of the brains: a dead connection is noticed after 45 s, and a peer is dialled again after a minute at most. */
const PATIENCE_US = 150_000_000;

interface Waiting {
  readonly storedCount: number;
  readonly sinceUs: number;
}

/** No download that runs waits for ever while somebody who can be reached has what it lacks. */
export class Progress implements Checker {
  readonly name = "progress";
  readonly #waiting = new WeakMap<SimulatedNode, Waiting>();

  scan(simulation: Simulation): void {
    const { nowUs } = simulation.queue;
    for (const node of simulation.leechers) {
      const storedCount = node.disk.stored.count;
      const waiting = this.#waiting.get(node);
      if (waiting === undefined || waiting.storedCount !== storedCount || !node.isDownloading || !hasSource(node, simulation)) {
        this.#waiting.set(node, { storedCount, sinceUs: nowUs });
      } else if (nowUs - waiting.sinceUs > PATIENCE_US) {
        throw new CheckFailed(this.name, node, `nothing was stored for ${PATIENCE_US / 1_000_000} s with ${storedCount} pieces held and a source there`);
      }
    }
  }
}

function hasSource(node: SimulatedNode, { nodes, network }: Simulation): boolean {
  return nodes.some((other) => {
    if (other === node || other.setup.behaviour !== "honest" || other.uploads === undefined) return false;
    if (other.host.isSilent || network.isSplit(other.host, node.host)) return false;
    for (const piece of other.disk.stored.indices()) if (!node.disk.stored.has(piece)) return true;
    return false;
  });
}
