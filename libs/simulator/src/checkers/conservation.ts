import type { DownloadCommand, DownloadEvent } from "@piecewise/piece-engine";
import type { SimulatedNode } from "../node/simulated-node.js";
import type { Simulation } from "../simulation.js";
import { type Checker, CheckFailed } from "./checker.js";
import { ProcessState } from "./process-state.js";

/** No byte comes from nowhere or vanishes: what was sent was received, lost, or is under way, and the brains count what they were given. */
export class Conservation implements Checker {
  readonly name = "conservation";
  readonly #told = new ProcessState(
    ({ downloads }) => downloads,
    () => ({ bytes: 0 }),
  );

  download(node: SimulatedNode, event: DownloadEvent, _commands: readonly DownloadCommand[]): void {
    if (event.type === "chunkReceived") this.#told.of(node).bytes += event.bytes;
  }

  scan({ nodes, network, queue }: Simulation): void {
    const { sentBytes, deliveredBytes, lostBytes, flyingBytes } = network;
    this.#expectEqual("sent by the network", sentBytes, deliveredBytes + lostBytes + flyingBytes);
    this.#expectEqual("sent by the nodes", sum(nodes, ({ host }) => host.sentBytes), sentBytes);
    this.#expectEqual("received by the nodes", sum(nodes, ({ host }) => host.receivedBytes), deliveredBytes);
    for (const node of nodes) {
      const side = node.downloads;
      if (side === undefined) continue;
      this.#expectEqual("counted by the brain", side.engine.progress(queue.nowMs).receivedBytes, this.#told.of(node).bytes, node);
    }
  }

  #expectEqual(what: string, actual: number, expected: number, node?: SimulatedNode): void {
    if (actual !== expected) throw new CheckFailed(this.name, node, `${actual} bytes were ${what}, and ${expected} are accounted for`);
  }
}

const sum = (nodes: readonly SimulatedNode[], of: (node: SimulatedNode) => number): number => nodes.reduce((total, node) => total + of(node), 0);
