import { describe, expect, test } from "vitest";
import type { RunResult } from "../run-result.js";
import { runScenario } from "../run-scenario.js";
import { SCENARIOS } from "../scenarios/index.js";
import { htmlReport } from "./html-report.js";
import { outcomeText } from "./outcome-text.js";

const outcome = runScenario(SCENARIOS[0]!, { seed: 3, peers: 4, pieces: 20 });

describe("outcomeText", () => {
  test("says what was reached, how to see it again, and ends with the digest", () => {
    const lines = outcomeText(outcome).split("\n");
    expect(lines[1]).toBe("4 peers, 20 pieces, seed 3");
    expect(lines.find((line) => line.startsWith("crowd "))).toContain("4/4");
    expect(lines).toContain("met     survivors that did not finish: 0, at most 0");
    expect(lines).toContain("To see it again: npm run simulate -- --scenario flash-crowd --seed 3 --peers 4 --pieces 20");
    expect(lines.at(-1)).toBe(`digest: ${outcome.digest}`);
  });

  test("a broken promise is said", () => {
    const failed = { ...outcome, failure: new Error("a brain threw") };
    expect(outcomeText(failed)).toContain("BROKEN  Error: a brain threw");
  });
});

describe("htmlReport", () => {
  const html = htmlReport(outcome);
  const [, overTime = "", byPeer = "", given = ""] = html.match(/<svg.*?<\/svg>/gs)!;

  test("has a curve and a row for each peer, and nothing from elsewhere", () => {
    expect(html.match(/<polyline/g)).toHaveLength(4);
    expect(byPeer.match(/<g><title>peer/g)).toHaveLength(4);
    expect(html).not.toMatch(/https?:|<script|NaN|Infinity/);
  });

  test("shows as much from whom as came from there", () => {
    const [{ simulation }] = outcome.results as [RunResult];
    const fromSeed = simulation.leechers.flatMap(({ history }) => history).filter(({ from }) => from === 0).length;
    const [seed, peers] = [heightOf(overTime, "200 68 47"), heightOf(overTime, "63 127 191")];
    expect(seed / (seed + peers)).toBeCloseTo(fromSeed / 80, 2);
    expect(given).toContain(`<title>node 0: ${(fromSeed / 20).toFixed(2)}</title>`);
  });
});

/** Of all bars of a colour together. */
function heightOf(svg: string, colour: string): number {
  const [, bars = ""] = new RegExp(`<g fill="rgb\\(${colour} / 1.00\\)">(.*?)</g>`).exec(svg)!;
  return [...bars.matchAll(/height="([\d.]+)"/g)].reduce((sum, [, height]) => sum + Number(height), 0);
}
