import type { RunResult } from "../run-result.js";
import { COLOUR_OF, cssColour, type Origin, originOf, ORIGINS } from "./origin.js";
import { createPlot } from "./plot.js";

const HEIGHT = 180;
const BINS = 120;

/** How many pieces a second came to all peers together, and from whom. */
export function originsOverTime({ simulation }: RunResult, endUs: number): string {
  const counts = new Map<Origin, Float64Array>(ORIGINS.map((origin) => [origin, new Float64Array(BINS)]));
  const binOf = (atUs: number): number => Math.min(BINS - 1, Math.floor((atUs / endUs) * BINS));
  for (const { history } of simulation.leechers) for (const { from, atUs } of history) counts.get(originOf(simulation, from))![binOf(atUs)]! += 1;
  const binSeconds = endUs / 1_000_000 / BINS;
  const totals = Array.from({ length: BINS }, (_, bin) => ORIGINS.reduce((sum, origin) => sum + counts.get(origin)![bin]!, 0));
  const plot = createPlot(HEIGHT, { max: endUs / 1_000_000, label: "seconds" }, { max: Math.max(1, ...totals) / binSeconds, label: "pieces a second" });
  const below = new Float64Array(BINS);
  const areas = ORIGINS.map((origin) => {
    const own = counts.get(origin)!;
    const bars = Array.from(own, (count, bin) => {
      if (count === 0) return "";
      below[bin]! += count;
      const height = (count / binSeconds / (Math.max(1, ...totals) / binSeconds)) * HEIGHT;
      return `<rect x="${plot.x(bin * binSeconds)}" y="${plot.y(below[bin]! / binSeconds)}" width="${(plot.width / BINS).toFixed(1)}" height="${height.toFixed(1)}"/>`;
    });
    return `<g fill="${cssColour(COLOUR_OF[origin])}">${bars.join("")}</g>`;
  });
  return plot.svg(areas.join(""));
}
