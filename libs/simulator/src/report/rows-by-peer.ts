import type { SimulatedNode } from "../node/simulated-node.js";
import type { RunResult } from "../run-result.js";
import { COLOUR_OF, cssColour, originOf, ORIGINS } from "./origin.js";
import { createPlot } from "./plot.js";

const ROW_HEIGHT = 5;
const BINS = 120;
/** What is faint can still be seen. */
const OPACITY_MIN = 0.15;

/** A row for each peer: when it got pieces, the stronger the more of them, in the mixed colour of those from whom they came. */
export function rowsByPeer({ simulation }: RunResult, peers: readonly SimulatedNode[], endUs: number): string {
  const plot = createPlot(peers.length * ROW_HEIGHT, { max: endUs / 1_000_000, label: "seconds" }, { max: peers.length, label: "" });
  const binned = peers.map(({ history }) => {
    const bins: number[][] = Array.from({ length: BINS }, () => ORIGINS.map(() => 0));
    for (const { atUs, from } of history) bins[Math.min(BINS - 1, Math.floor((atUs / endUs) * BINS))]![ORIGINS.indexOf(originOf(simulation, from))]! += 1;
    return bins;
  });
  const most = Math.max(1, ...binned.flat().map(sumOf));
  const rows = binned.map((bins, row) => bins.map((counts, bin) => cell(counts, bin, row)).join(""));
  return plot.svg(rows.map((row, index) => `<g><title>peer ${peers[index]!.index}</title>${row}</g>`).join(""));

  function cell(counts: readonly number[], bin: number, row: number): string {
    const total = sumOf(counts);
    if (total === 0) return "";
    const mixed = [0, 1, 2].map((channel) => Math.round(counts.reduce((sum, count, i) => sum + count * COLOUR_OF[ORIGINS[i]!][channel]!, 0) / total));
    const [red, green, blue] = mixed as [number, number, number];
    const opacity = OPACITY_MIN + (1 - OPACITY_MIN) * (total / most);
    return `<rect x="${((bin * plot.width) / BINS).toFixed(1)}" y="${row * ROW_HEIGHT}" width="${(plot.width / BINS).toFixed(1)}" height="${ROW_HEIGHT - 1}" fill="${cssColour([red, green, blue], opacity)}"/>`;
  }
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
