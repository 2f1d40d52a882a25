import type { RunResult } from "../run-result.js";
import type { ScenarioOutcome } from "../run-scenario.js";
import { isMet } from "../scenarios/index.js";
import { curves } from "./curves.js";
import { givenAway } from "./given-away.js";
import { COLOUR_OF, cssColour, ORIGINS } from "./origin.js";
import { originsOverTime } from "./origins-over-time.js";
import { outcomeText } from "./outcome-text.js";
import { rowsByPeer } from "./rows-by-peer.js";

/** More peers than this would be a blur. */
const PEERS_SHOWN_MAX = 200;

const STYLE = `
body { font: 14px/1.45 system-ui, sans-serif; color: #222; background: #fff; margin: 2em auto; width: 860px }
h1 { font-size: 22px } h2 { font-size: 18px; margin-top: 2em; border-top: 1px solid #ddd; padding-top: 1em } h3 { font-size: 14px; margin: 1.5em 0 0.3em }
pre { overflow: auto; background: #f6f6f6; padding: 0.8em; font-size: 11.5px }
svg { display: block } svg text { font-size: 11px; fill: #555 }
.grid { stroke: #e4e4e4 }
.curve { fill: none; stroke: ${cssColour(COLOUR_OF.peers)}; stroke-opacity: 0.4 } .rider { stroke: #8a4fbf } .gone { stroke: #999; stroke-dasharray: 3 2 }
.curve:hover { stroke-opacity: 1; stroke-width: 3 }
.bound { stroke: #222; stroke-dasharray: 4 }
.key { display: inline-block; width: 0.9em; height: 0.9em; margin: 0 0.35em 0 1.1em; vertical-align: -0.1em }
.verdict { font-weight: bold } .missed { color: #b3261e } .met { color: #1d7a3e }
`;

/** A page without anything from elsewhere: how many pieces each peer had when, from whom they came, and who gave how much. */
export function htmlReport(outcome: ScenarioOutcome): string {
  const { scenario, options, results, goals, failure } = outcome;
  const title = `${scenario.name}, seed ${options.seed}`;
  const missed = goals.filter((goal) => !isMet(goal)).length;
  const isGood = failure === undefined && missed === 0;
  const verdict = failure === undefined ? `${goals.length - missed} of ${goals.length} goals met` : "a promise was broken";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escape(title)}</title>
<style>${STYLE}</style>
<h1>${escape(title)}</h1>
<p>${escape(scenario.summary)}. <span class="verdict ${isGood ? "met" : "missed"}">${verdict}.</span></p>
<pre>${escape(outcomeText(outcome))}</pre>
${results.map(runSection).join("\n")}
</html>
`;
}

function runSection(result: RunResult): string {
  const { leechers } = result.simulation;
  const peers = leechers.slice(0, PEERS_SHOWN_MAX);
  const endUs = Math.max(result.endUs, ...leechers.map(({ history }) => history.at(-1)?.atUs ?? 0), 1);
  const shown = peers.length < leechers.length ? ` (the first ${peers.length} of ${leechers.length})` : "";
  return `<h2>${escape(result.label)}</h2>
<h3>Pieces over time: a line for each peer${shown}</h3>
${curves(result, peers, endUs)}
<p>Violet: takes and gives nothing. Dashed grey: crashed and did not come back.</p>
<p>Pieces came from ${ORIGINS.map((origin) => `<span class="key" style="background: ${cssColour(COLOUR_OF[origin])}"></span>${origin}`).join("")}</p>
<h3>Where pieces came from: all peers together</h3>
${originsOverTime(result, endUs)}
<h3>Where pieces came from: a row for each peer${shown}</h3>
<p>The stronger the more pieces came at a time, in the mixed colour of those who gave them.</p>
${rowsByPeer(result, peers, endUs)}
<h3>What each gave to others</h3>
${givenAway(result)}`;
}

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
