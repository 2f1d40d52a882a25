import { createPrng, KIB, MIB, type Prng } from "@piecewise/base";
import { PEERS_MAX_DEFAULT } from "@piecewise/piece-engine";
import { isHostile, type Behaviour } from "./node/behaviour.js";
import { addressOf, type NodeSetup } from "./node/simulated-node.js";
import type { Fault, SimulationSetup } from "./simulation.js";
import { SHIPPING_SWARM, type SwarmPolicies } from "./swarm-policies.js";

/** The uplink of most; downlinks are so many times faster, as they are in homes. */
export const UPLINK_BYTES_PER_SECOND = 20 * MIB;
const DOWNLINK_FACTOR = 8;
/** One chunk, so that a piece is one message. */
const PIECE_LENGTH = 256 * KIB;
/** As fast as one thread hashes. */
const DISK_BYTES_PER_SECOND = 1_600 * MIB;
/** A node's own part of the way: up to this, so that round trips are 10 to 50 ms. */
const LATENCY_MIN_US = 2_500;
const LATENCY_SPREAD_US = 10_000;
const JITTER_US = 1_000;
/** Seeds are there before the crowd comes … */
export const CROWD_AT_US = 1_000_000;
/** … which takes so long to arrive. */
export const CROWD_SPREAD_US = 100_000;
/** Virtual time after which a run is given up. */
const END_US = 900_000_000;

/** In what one node differs from an ordinary one. */
export interface NodePlan {
  readonly behaviour?: Behaviour;
  readonly upBytesPerSecond?: number;
  readonly diskBytesPerSecond?: number;
  readonly startsAtUs?: number;
  /** It asks no tracker, and knows the first seed. */
  readonly knowsOnlyOnePeer?: boolean;
}

/** A swarm in a few words: who is in it, and what happens to it. */
export interface SwarmPlan {
  /** For tables. */
  readonly label: string;
  readonly pieces: number;
  /** The first one is the first seed. */
  readonly seeds: readonly NodePlan[];
  readonly others: readonly NodePlan[];
  readonly faults?: readonly Fault[];
  /** In what its brains differ from those that ship. */
  readonly policies?: Partial<SwarmPolicies>;
  readonly wrapDownloadEngine?: SimulationSetup["wrapDownloadEngine"];
  readonly wrapUploadEngine?: SimulationSetup["wrapUploadEngine"];
}

/** How long an ordinary seed takes to send everything once: nobody alone with it is done sooner. */
export const seedBusyUs = (pieces: number): number => Math.ceil((pieces * PIECE_LENGTH * 1_000_000) / UPLINK_BYTES_PER_SECOND);

/** So many nodes alike, or each after its number. */
export const several = (count: number, plan: NodePlan | ((index: number) => NodePlan) = {}): readonly NodePlan[] =>
  Array.from({ length: count }, (_, index) => (typeof plan === "function" ? plan(index) : plan));

/** Everything that a plan leaves open, from the seed. */
export function setUp(plan: SwarmPlan, seed: number): SimulationSetup {
  const prng = createPrng(seed);
  const nodes = [
    ...plan.seeds.map((node) => setUpNode(node, { startsAtUs: 0, isSeed: true }, prng)),
    ...plan.others.map((node) => {
      const arrivesAtUs = CROWD_AT_US + prng.below(CROWD_SPREAD_US);
      return setUpNode(node, { startsAtUs: isHostile(node.behaviour ?? "honest") ? 0 : arrivesAtUs, isSeed: false }, prng);
    }),
  ];
  return {
    seed: prng.nextUint32(),
    pieceCount: plan.pieces,
    pieceLength: PIECE_LENGTH,
    nodes,
    faults: plan.faults ?? [],
    jitterUs: JITTER_US,
    peersMax: PEERS_MAX_DEFAULT,
    endUs: END_US,
    policies: { ...SHIPPING_SWARM, ...plan.policies },
    wrapDownloadEngine: plan.wrapDownloadEngine,
    wrapUploadEngine: plan.wrapUploadEngine,
  };
}

function setUpNode(node: NodePlan, { startsAtUs, isSeed }: { readonly startsAtUs: number; readonly isSeed: boolean }, prng: Prng): NodeSetup {
  const upBytesPerSecond = node.upBytesPerSecond ?? UPLINK_BYTES_PER_SECOND;
  return {
    line: {
      upBytesPerSecond,
      downBytesPerSecond: DOWNLINK_FACTOR * Math.max(upBytesPerSecond, UPLINK_BYTES_PER_SECOND),
      latencyUs: LATENCY_MIN_US + prng.below(LATENCY_SPREAD_US + 1),
    },
    behaviour: node.behaviour ?? "honest",
    isSeed,
    startsAtUs: node.startsAtUs ?? startsAtUs,
    diskBytesPerSecond: node.diskBytesPerSecond ?? DISK_BYTES_PER_SECOND,
    hasTracker: node.knowsOnlyOnePeer !== true,
    givenAddresses: node.knowsOnlyOnePeer === true ? [addressOf(0)] : [],
    uploadLimit: undefined,
  };
}
