import type { DownloadCommand, DownloadEvent, UploadCommand, UploadEvent } from "@piecewise/piece-engine";
import type { SimulatedNode } from "../node/simulated-node.js";
import type { Simulation } from "../simulation.js";

/** Holds a run against one promise. Every method throws CheckFailed where it is broken. */
export interface Checker {
  readonly name: string;
  /** A download brain was told something and wants this done, which is not done yet. */
  download?(node: SimulatedNode, event: DownloadEvent, commands: readonly DownloadCommand[]): void;
  /** The same for an upload brain. */
  upload?(node: SimulatedNode, event: UploadEvent, commands: readonly UploadCommand[]): void;
  /** Looks at everything, once a second and at the end. */
  scan?(simulation: Simulation): void;
}

/** A promise was broken. */
export class CheckFailed extends Error {
  constructor(
    readonly checker: string,
    readonly node: SimulatedNode | undefined,
    what: string,
  ) {
    super(`${checker}: ${node === undefined ? "" : `node ${node.index} at ${node.world.queue.nowUs} us: `}${what}`);
  }
}
