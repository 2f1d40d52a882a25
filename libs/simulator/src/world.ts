import type { DownloadEngine, Geometry, UploadEngine } from "@piecewise/piece-engine";
import type { EventQueue } from "./clock/event-queue.js";
import type { Network } from "./network/network.js";
import type { SimulatedNode } from "./node/simulated-node.js";
import type { Observer } from "./observer.js";
import type { SwarmPolicies } from "./swarm-policies.js";
import type { SimulatedTracker } from "./tracker/simulated-tracker.js";

/** What a node has around it. */
export interface World {
  readonly queue: EventQueue;
  readonly network: Network;
  readonly tracker: SimulatedTracker;
  readonly geometry: Geometry;
  readonly observer: Observer;
  /** Peers to which one download is connected at a time. */
  readonly peersMax: number;
  readonly policies: SwarmPolicies;
  /** Puts something between a brain and its hands; as a rule nothing. */
  wrapDownloadEngine(engine: DownloadEngine, node: SimulatedNode): DownloadEngine;
  wrapUploadEngine(engine: UploadEngine): UploadEngine;
  nodeAt(address: string): SimulatedNode;
  /** A download is over. */
  nodeEnded(): void;
}
