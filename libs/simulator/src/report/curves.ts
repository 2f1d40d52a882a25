import type { RunResult } from "../run-result.js";
import type { SimulatedNode } from "../node/simulated-node.js";
import { createPlot } from "./plot.js";

const HEIGHT = 320;
/** Points of one curve. */
const POINTS_MAX = 200;

/** How many pieces each peer held, and when. */
export function curves({ simulation, boundUs }: RunResult, peers: readonly SimulatedNode[], endUs: number): string {
  const plot = createPlot(HEIGHT, { max: endUs / 1_000_000, label: "seconds" }, { max: simulation.setup.pieceCount, label: "pieces held" });
  const lines = peers.map((peer) => {
    const { history, setup } = peer;
    const step = Math.max(1, Math.ceil(history.length / POINTS_MAX));
    const points = history.flatMap(({ atUs }, i) => (i % step === 0 || i === history.length - 1 ? [`${plot.x(atUs / 1_000_000)},${plot.y(i + 1)}`] : []));
    const all = [`${plot.x(setup.startsAtUs / 1_000_000)},${plot.y(0)}`, ...points].join(" ");
    return `<polyline class="${kindOf(peer)}" points="${all}"><title>peer ${peer.index}</title></polyline>`;
  });
  const bound = plot.x(((peers[0]?.setup.startsAtUs ?? 0) + boundUs) / 1_000_000);
  return plot.svg(`${lines.join("")}<line class="bound" x1="${bound}" x2="${bound}" y1="0" y2="${HEIGHT}"/><text x="${bound}" y="${HEIGHT - 6}" dx="-5" text-anchor="end">bound</text>`);
}

/** Which colour its curve has. */
function kindOf({ setup, isGone }: SimulatedNode): string {
  if (isGone) return "curve gone";
  return setup.behaviour === "rides-free" ? "curve rider" : "curve";
}
