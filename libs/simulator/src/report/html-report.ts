import { type RunResult } from "../run-result.js";
import type { ScenarioOutcome } from "../run-scenario.js";
import type { SimulatedNode } from "../node/simulated-node.js";
import { outcomeText } from "./outcome-text.js";

const WIDTH = 900;
const CURVES_HEIGHT = 360;
const ROW_HEIGHT = 6;
/** Points of one curve. */
const POINTS_MAX = 200;
/** More peers than this would be a blur. */
const PEERS_SHOWN_MAX = 200;
const SEED_COLOUR = "#c8442f";
const UNKNOWN_COLOUR = "#999999";

/** A page without anything from elsewhere: how many pieces each peer had when, and from whom they came. */
export function htmlReport(outcome: ScenarioOutcome): string {
  const { scenario, options, results } = outcome;
  const title = `${scenario.name}, seed ${options.seed}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escape(title)}</title>
<style>body { font: 14px system-ui; margin: 2em; max-width: ${WIDTH}px } svg { display: block; margin: 0.5em 0 1.5em } pre { overflow: auto } text { font-size: 11px }</style>
<h1>${escape(title)}</h1>
<pre>${escape(outcomeText(outcome))}</pre>
${results.map(runSection).join("\n")}
</html>
`;
}

function runSection(result: RunResult): string {
  const peers = result.simulation.leechers.slice(0, PEERS_SHOWN_MAX);
  const endUs = Math.max(result.endUs, ...peers.map(({ history }) => history.at(-1)?.atUs ?? 0), 1);
  return `<h2>${escape(result.label)}</h2>
<p>Pieces that each peer held, over ${(endUs / 1_000_000).toFixed(1)} s. The dashed line is the bound.</p>
${curves(result, peers, endUs)}
<p>Where they came from: a row for each peer, red for the first seed, and a colour for every other peer; wide for many pieces.</p>
${origins(result, peers)}`;
}

function curves({ simulation, boundUs }: RunResult, peers: readonly SimulatedNode[], endUs: number): string {
  const pieceCount = simulation.setup.pieceCount;
  const x = (us: number): string => ((us / endUs) * WIDTH).toFixed(1);
  const y = (count: number): string => (CURVES_HEIGHT - (count / pieceCount) * CURVES_HEIGHT).toFixed(1);
  const lines = peers.map(({ history, index, setup }) => {
    const step = Math.max(1, Math.ceil(history.length / POINTS_MAX));
    const points = history.flatMap(({ atUs }, i) => (i % step === 0 || i === history.length - 1 ? [`${x(atUs)},${y(i + 1)}`] : []));
    const all = [`${x(setup.startsAtUs)},${y(0)}`, ...points].join(" ");
    return `<polyline points="${all}" fill="none" stroke="${colourOf(index)}" stroke-opacity="0.5"/>`;
  });
  const boundX = x((peers[0]?.setup.startsAtUs ?? 0) + boundUs);
  const bound = `<line x1="${boundX}" x2="${boundX}" y1="0" y2="${CURVES_HEIGHT}" stroke="black" stroke-dasharray="4"/>`;
  return `<svg width="${WIDTH}" height="${CURVES_HEIGHT}" viewBox="0 0 ${WIDTH} ${CURVES_HEIGHT}">${lines.join("")}${bound}</svg>`;
}

function origins({ simulation }: RunResult, peers: readonly SimulatedNode[]): string {
  const pieceCount = simulation.setup.pieceCount;
  const rows = peers.map(({ history }, row) => {
    const counts = new Map<number, number>();
    for (const { from } of history) counts.set(from, (counts.get(from) ?? 0) + 1);
    let left = 0;
    return [...counts]
      .toSorted(([a], [b]) => a - b)
      .map(([from, count]) => {
        const width = (count / pieceCount) * WIDTH;
        const bar = `<rect x="${left.toFixed(1)}" y="${row * ROW_HEIGHT}" width="${width.toFixed(1)}" height="${ROW_HEIGHT - 1}" fill="${colourOf(from)}"/>`;
        left += width;
        return bar;
      })
      .join("");
  });
  const height = peers.length * ROW_HEIGHT;
  return `<svg width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">${rows.join("")}</svg>`;
}

/** Neighbours in number are far apart in hue. */
function colourOf(index: number): string {
  if (index === 0) return SEED_COLOUR;
  return index < 0 ? UNKNOWN_COLOUR : `hsl(${(index * 137) % 360} 45% 55%)`;
}

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
