import { describe, expect, test } from "vitest";
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
  test("has a curve and a row of origins for each peer, and nothing from elsewhere", () => {
    const html = htmlReport(outcome);
    expect(html.match(/<polyline/g)).toHaveLength(4);
    expect(html.match(/<svg/g)).toHaveLength(2);
    const shown = [...html.matchAll(/<rect x="([\d.]+)" y="0" width="([\d.]+)"/g)].map(([, x, width]) => Number(x) + Number(width));
    expect(shown.at(-1)).toBeCloseTo(900, 0);
    expect(html).not.toMatch(/https?:|<script/);
  });
});
