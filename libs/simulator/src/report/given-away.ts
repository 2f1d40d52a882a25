import type { RunResult } from "../run-result.js";
import { COLOUR_OF, cssColour, originOf } from "./origin.js";
import { createPlot } from "./plot.js";

const HEIGHT = 120;

/** How much each node gave to others: the first seed, then everybody in the order of their numbers. */
export function givenAway({ simulation }: RunResult): string {
  const given = new Float64Array(simulation.nodes.length);
  for (const { history } of simulation.leechers) for (const { from } of history) if (from >= 0) given[from]! += 1;
  const copies = Array.from(given, (pieces) => pieces / simulation.setup.pieceCount);
  const plot = createPlot(HEIGHT, { max: copies.length, label: "nodes" }, { max: Math.max(1, ...copies), label: "contents given" });
  const width = Math.max(0.5, (plot.width / copies.length) * 0.85).toFixed(1);
  const bars = copies.map((copy, index) => {
    const colour = cssColour(COLOUR_OF[originOf(simulation, index)]);
    return `<rect x="${plot.x(index)}" y="${plot.y(copy)}" width="${width}" height="${(HEIGHT - Number(plot.y(copy))).toFixed(1)}" fill="${colour}"><title>node ${index}: ${copy.toFixed(2)}</title></rect>`;
  });
  return plot.svg(bars.join(""));
}
