import { assert, createPrng } from "@piecewise/base";
import type { DownloadCommand, DownloadEngine, DownloadEvent, Geometry, UploadCommand, UploadEngine, UploadEvent } from "@piecewise/piece-engine";
import type { Checker } from "./checkers/checker.js";
import { EventQueue } from "./clock/event-queue.js";
import { Network } from "./network/network.js";
import { isHostile } from "./node/behaviour.js";
import { SimulatedNode, type NodeSetup } from "./node/simulated-node.js";
import type { Observer } from "./observer.js";
import type { RunLog } from "./run-log.js";
import type { SwarmPolicies } from "./swarm-policies.js";
import { SimulatedTracker } from "./tracker/simulated-tracker.js";
import type { World } from "./world.js";

/** How often it is looked whether a fault is due, and how often everything is checked from end to end. */
const FAULT_LOOK_US = 10_000;
const SCAN_US = 1_000_000;

/** Something that happens to the swarm once, as soon as it is time. */
export interface Fault {
  isDue(simulation: Simulation): boolean;
  strike(simulation: Simulation): void;
}

export interface SimulationSetup {
  readonly seed: number;
  readonly pieceCount: number;
  readonly pieceLength: number;
  readonly nodes: readonly NodeSetup[];
  readonly faults: readonly Fault[];
  readonly jitterUs: number;
  readonly peersMax: number;
  /** Virtual time that a run may take. */
  readonly endUs: number;
  readonly policies: SwarmPolicies;
  readonly wrapDownloadEngine?: ((engine: DownloadEngine, node: SimulatedNode) => DownloadEngine) | undefined;
  readonly wrapUploadEngine?: ((engine: UploadEngine) => UploadEngine) | undefined;
}

/** A swarm on virtual time: the brains that ship, and a network, disks and a tracker that are made up. */
export class Simulation implements World, Observer {
  readonly queue = new EventQueue();
  readonly network: Network;
  readonly tracker: SimulatedTracker;
  readonly geometry: Geometry;
  readonly nodes: readonly SimulatedNode[];
  readonly #byAddress: ReadonlyMap<string, SimulatedNode>;
  readonly #checkers: readonly Checker[];
  readonly #log: RunLog;
  #faults: readonly Fault[];
  #mayBeOver = false;

  constructor(
    readonly setup: SimulationSetup,
    checkers: readonly Checker[],
    log: RunLog,
  ) {
    this.#checkers = checkers;
    this.#log = log;
    log.nowUs = () => this.queue.nowUs;
    const seeds = createPrng(setup.seed);
    this.geometry = { totalBytes: setup.pieceCount * setup.pieceLength, pieceLength: setup.pieceLength };
    this.network = new Network(this.queue, createPrng(seeds.nextUint32()), setup.jitterUs);
    this.tracker = new SimulatedTracker(this.queue, seeds.nextUint32(), this.geometry);
    this.nodes = setup.nodes.map((node, index) => new SimulatedNode(index, node, this, seeds.nextUint32()));
    this.#byAddress = new Map(this.nodes.map((node) => [node.host.address, node]));
    this.#faults = setup.faults;
  }

  get observer(): Observer {
    return this;
  }

  get policies(): SwarmPolicies {
    return this.setup.policies;
  }

  get peersMax(): number {
    return this.setup.peersMax;
  }

  /** Faults that have not struck. */
  get faultsLeft(): number {
    return this.#faults.length;
  }

  /** Those who are waited for. */
  get leechers(): readonly SimulatedNode[] {
    return this.nodes.filter(({ setup }) => !setup.isSeed && !isHostile(setup.behaviour));
  }

  wrapDownloadEngine(engine: DownloadEngine, node: SimulatedNode): DownloadEngine {
    return this.setup.wrapDownloadEngine?.(engine, node) ?? engine;
  }

  wrapUploadEngine(engine: UploadEngine): UploadEngine {
    return this.setup.wrapUploadEngine?.(engine) ?? engine;
  }

  nodeAt(address: string): SimulatedNode {
    const node = this.#byAddress.get(address);
    assert(node !== undefined, `nobody lives at ${address}`);
    return node;
  }

  nodeEnded(): void {
    this.#mayBeOver = true;
  }

  download(node: SimulatedNode, event: DownloadEvent, commands: readonly DownloadCommand[]): void {
    this.#log.download(node, event, commands);
    for (const checker of this.#checkers) checker.download?.(node, event, commands);
  }

  upload(node: SimulatedNode, event: UploadEvent, commands: readonly UploadCommand[]): void {
    this.#log.upload(node, event, commands);
    for (const checker of this.#checkers) checker.upload?.(node, event, commands);
  }

  /** Runs until every download is over or time is up. @throws CheckFailed */
  run(): void {
    for (const node of this.nodes) this.queue.at(node.setup.startsAtUs, () => node.start());
    if (this.#faults.length > 0) this.queue.after(FAULT_LOOK_US, () => this.#lookForFaults());
    this.queue.after(SCAN_US, () => this.#scan());
    while (!this.#isOver() && this.queue.nextUs <= this.setup.endUs) this.queue.runNext();
    // What waited for the very end has come to its turn, too.
    this.#strikeDueFaults();
    for (const checker of this.#checkers) checker.scan?.(this);
  }

  #isOver(): boolean {
    if (!this.#mayBeOver) return false;
    this.#mayBeOver = false;
    return this.leechers.every((node) => node.isGone || node.finishedAtUs !== undefined || node.failedWith !== undefined);
  }

  #lookForFaults(): void {
    this.#strikeDueFaults();
    if (this.#faults.length > 0) this.queue.after(FAULT_LOOK_US, () => this.#lookForFaults());
  }

  #strikeDueFaults(): void {
    const due = this.#faults.filter((fault) => fault.isDue(this));
    this.#faults = this.#faults.filter((fault) => !due.includes(fault));
    for (const fault of due) fault.strike(this);
    // One who was waited for may be gone.
    if (due.length > 0) this.#mayBeOver = true;
  }

  #scan(): void {
    for (const checker of this.#checkers) checker.scan?.(this);
    this.queue.after(SCAN_US, () => this.#scan());
  }
}


