import type { SimulatedNode } from "./node/simulated-node.js";
import type { Simulation } from "./simulation.js";

/** What came of one run. Times are from the arrival of each node on. */
export interface RunResult {
  readonly label: string;
  readonly simulation: Simulation;
  readonly contentBytes: number;
  /** Within which nobody could have brought the content to all of them. */
  readonly boundUs: number;
  /** Leechers that are still there. */
  readonly survivors: readonly SimulatedNode[];
  /** Of those that finished, ascending. */
  readonly completionsUs: readonly number[];
  /** When every piece had come to some leecher, from the beginning on: what the seeds have not let go of nobody can pass on. */
  readonly allOutUs: number;
  /** Survivors that did not finish. */
  readonly unfinished: number;
  readonly failed: number;
  /** Payload bytes that the first seed sent. */
  readonly seedBytes: number;
  /** Payload bytes that leechers received and did not need, for each byte that they needed, in thousandths. */
  readonly wastePerMille: number;
  /** Jain's index of what honest leechers with equal lines sent: 1000 where all sent the same. */
  readonly fairnessPerMille: number;
  /** Virtual time of the last completion. */
  readonly endUs: number;
}

export function resultOf(label: string, simulation: Simulation): RunResult {
  const survivors = simulation.leechers.filter((node) => !node.isGone);
  const finished = survivors.filter((node) => node.finishedAtUs !== undefined);
  const contentBytes = simulation.geometry.totalBytes;
  const neededBytes = sumOf(simulation.leechers, ({ history }) => history.length) * simulation.geometry.pieceLength;
  const receivedBytes = sumOf(simulation.leechers, ({ host }) => host.receivedBytes);
  return {
    label,
    simulation,
    contentBytes,
    boundUs: boundOf(simulation),
    survivors,
    completionsUs: finished.map(completionUs).toSorted((a, b) => a - b),
    allOutUs: allOutUs(simulation),
    unfinished: survivors.length - finished.length,
    failed: survivors.filter(({ failedWith }) => failedWith !== undefined).length,
    seedBytes: simulation.nodes[0]!.host.sentBytes,
    wastePerMille: neededBytes === 0 ? 0 : Math.round(((receivedBytes - neededBytes) * 1000) / neededBytes),
    fairnessPerMille: fairnessOf(simulation.leechers.filter(({ setup }) => setup.behaviour === "honest").map(({ host }) => host.sentBytes)),
    endUs: Math.max(0, ...finished.map((node) => node.finishedAtUs!)),
  };
}

export const completionUs = (node: SimulatedNode): number => node.finishedAtUs! - node.setup.startsAtUs;

/** The smallest value that so many per cent of ascending values do not exceed; 0 without values. */
export const percentile = (ascending: readonly number[], perCent: number): number =>
  ascending[Math.max(0, Math.ceil((ascending.length * perCent) / 100) - 1)] ?? 0;

export const lastOf = ({ completionsUs }: RunResult): number => completionsUs.at(-1) ?? 0;

/** 0 if some piece never came to anybody. */
function allOutUs({ leechers, setup }: Simulation): number {
  const firstUs = new Float64Array(setup.pieceCount).fill(Number.POSITIVE_INFINITY);
  for (const { history } of leechers) for (const { piece, atUs } of history) firstUs[piece] = Math.min(firstUs[piece]!, atUs);
  const lastUs = Math.max(...firstUs);
  return lastUs === Number.POSITIVE_INFINITY ? 0 : lastUs - Math.min(...leechers.map((node) => node.setup.startsAtUs));
}

/** The seed has to send everything once, the slowest to receive everything, and all together to send everything to everybody. */
function boundOf({ nodes, leechers, geometry }: Simulation): number {
  const useful = nodes.filter(({ setup }) => setup.behaviour === "honest");
  const seedRate = sumOf(useful.filter(({ setup }) => setup.isSeed), ({ setup }) => setup.line.upBytesPerSecond);
  const slowest = Math.min(...leechers.map(({ setup }) => setup.line.downBytesPerSecond));
  const together = sumOf(useful, ({ setup }) => setup.line.upBytesPerSecond);
  const { totalBytes } = geometry;
  return Math.ceil(Math.max(totalBytes / seedRate, totalBytes / slowest, (leechers.length * totalBytes) / together) * 1_000_000);
}

function fairnessOf(values: readonly number[]): number {
  const total = sumOf(values, (value) => value);
  const squares = sumOf(values, (value) => value * value);
  return squares === 0 ? 1000 : Math.round((total * total * 1000) / (values.length * squares));
}

const sumOf = <Item>(items: readonly Item[], of: (item: Item) => number): number => items.reduce((sum, item) => sum + of(item), 0);
