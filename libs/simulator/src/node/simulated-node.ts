import { assert, createPrng, type ErrorCode, type Prng } from "@piecewise/base";
import { Host, type Line } from "../network/network.js";
import type { World } from "../world.js";
import { isHostile, type Behaviour } from "./behaviour.js";
import { DownloadSide } from "./download-side.js";
import { KnownPeers } from "./known-peers.js";
import { SimulatedDisk } from "./simulated-disk.js";
import { TrackerSession } from "./tracker-session.js";
import { UploadSide } from "./upload-side.js";

/** Peers in one answer of ExchangePeers, as the real one gives. */
const EXCHANGED_PEERS_MAX = 50;
const PORT = 4001;

/** One node before it runs. */
export interface NodeSetup {
  readonly line: Line;
  readonly behaviour: Behaviour;
  /** It holds everything from the beginning. */
  readonly isSeed: boolean;
  readonly startsAtUs: number;
  readonly diskBytesPerSecond: number;
  readonly hasTracker: boolean;
  /** Peers that its user named. */
  readonly givenAddresses: readonly string[];
  /** What its upload brain limits itself to; undefined for no more than the line. */
  readonly uploadLimit: number | undefined;
}

/** Where a piece came from, and when it was stored. */
export interface StoredPiece {
  readonly piece: number;
  readonly atUs: number;
  /** Index of a node; -1 if nobody knows. */
  readonly from: number;
}

/** Where the node of an index lives. */
export const addressOf = (index: number): string => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}:${PORT}`;

/** One machine of the swarm, and the process on it while one runs. */
export class SimulatedNode {
  readonly host: Host;
  readonly disk: SimulatedDisk;
  /** undefined while no process runs. */
  uploads: UploadSide | undefined;
  downloads: DownloadSide | undefined;
  callerKey = "";
  finishedAtUs: number | undefined;
  failedWith: ErrorCode | undefined;
  /** It crashed and will not come back. */
  isGone = false;
  /** Payload bytes that were kept, of all runs of its process. */
  keptBytes = 0;
  readonly history: StoredPiece[] = [];
  readonly #prng: Prng;
  #trackerSession: TrackerSession | undefined;
  #knownPeers = new KnownPeers();

  constructor(
    readonly index: number,
    readonly setup: NodeSetup,
    readonly world: World,
    seed: number,
  ) {
    this.host = new Host(addressOf(index), setup.line, world.queue);
    this.disk = new SimulatedDisk(world.geometry, world.queue, setup.diskBytesPerSecond, setup.isSeed || isHostile(setup.behaviour));
    this.#prng = createPrng(seed);
  }

  get trackerSession(): TrackerSession {
    assert(this.#trackerSession !== undefined, "a node has a tracker session while it runs");
    return this.#trackerSession;
  }

  /** Its user waits for a download that has neither finished nor failed. */
  get isDownloading(): boolean {
    return this.downloads?.outcome === "running";
  }

  /** Starts a process; what is on disk is still there. */
  start(): void {
    assert(this.uploads === undefined, "a node runs one process at a time");
    const { world } = this;
    this.host.isSilent = false;
    const [host = ""] = this.host.address.split(":");
    const peerId = Array.from({ length: 4 }, () => this.takeSeed().toString(16).padStart(8, "0")).join("");
    this.callerKey = `${host} ${peerId}`;
    this.#knownPeers = new KnownPeers();
    const facts = { peerId, host, port: PORT, latencyUs: this.host.latencyUs, piecesHeld: () => this.disk.stored.count };
    const tracker = this.setup.hasTracker ? world.tracker : undefined;
    this.#trackerSession = new TrackerSession(world.queue, tracker, facts, (addresses) => this.#passedOn(addresses));
    this.uploads = new UploadSide(this);
    if (this.disk.stored.isFull) {
      this.joinSwarm();
      return;
    }
    this.downloads = new DownloadSide(this);
    this.downloads.tell({ type: "started" });
  }

  /** The process dies. @param isHeard whether the machine lives on and says so to those who were connected. */
  crash(isHeard: boolean): void {
    this.host.isSilent = !isHeard;
    this.#trackerSession?.close();
    this.downloads?.crash(isHeard);
    this.uploads?.crash(isHeard);
    this.downloads = undefined;
    this.uploads = undefined;
  }

  /** Its content is there: it is served, and the tracker is told. */
  joinSwarm(): void {
    this.uploads?.join();
    this.trackerSession.join();
  }

  pieceStored(piece: number, from: SimulatedNode | undefined): void {
    this.history.push({ piece, atUs: this.world.queue.nowUs, from: from?.index ?? -1 });
    this.uploads?.pieceStored(piece);
  }

  downloadEnded(outcome: "finished" | ErrorCode): void {
    if (outcome === "finished") this.finishedAtUs = this.world.queue.nowUs;
    else this.failedWith = outcome;
    this.world.nodeEnded();
  }

  /** A peer of the swarm said something. */
  met(address: string): void {
    this.#knownPeers.saw(address, this.world.queue.nowMs);
  }

  /** A peer of the swarm called, and said where it can be called. */
  called(address: string): void {
    this.met(address);
    if (this.downloads !== undefined && !this.downloads.isBanned(address)) this.downloads.tell({ type: "peersFound", source: "caller", addresses: [address] });
  }

  samplePeers(asker: string): readonly string[] {
    return this.#knownPeers.sample(asker, EXCHANGED_PEERS_MAX, this.world.queue.nowMs, this.#prng, (address) => this.downloads?.isBanned(address) === true);
  }

  takeSeed(): number {
    return this.#prng.nextUint32();
  }

  #passedOn(addresses: readonly string[]): void {
    if (this.disk.stored.isFull) for (const address of addresses) this.met(address);
  }
}
