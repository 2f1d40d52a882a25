import { UsageError } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { RunLog } from "../run-log.js";
import { Simulation } from "../simulation.js";
import { several, setUp } from "../swarm-plan.js";
import { recordingBrain, replay } from "./download-log.js";

const PIECES = 30;

/** What one of several downloads was told, liars among its peers. */
function recordOne(): string[] {
  const lines: string[] = [];
  const others = [...several(5), { behaviour: "poisons" } as const];
  const plan = setUp(
    {
      label: "recorded",
      pieces: PIECES,
      seeds: [{}],
      others,
      wrapDownloadEngine: (engine, node) =>
        node.index === 3 ? recordingBrain({ seed: 7, givenAddresses: [], hasTracker: true }, (line) => lines.push(line)) : engine,
    },
    1,
  );
  new Simulation(plan, [], new RunLog()).run();
  return lines;
}

describe("a log of a download", () => {
  const lines = recordOne();

  test("is gone through again, event for event", () => {
    const { events, differsAtLine, verifiedBytes, totalBytes } = replay(lines.join("\n"));
    expect({ events, differsAtLine }).toEqual({ events: lines.length - 1, differsAtLine: undefined });
    expect(totalBytes).toBe(PIECES * 262_144);
    expect(verifiedBytes).toBe(totalBytes);
  });

  test("shows where a brain goes another way", () => {
    const at = lines.findIndex((line) => line.includes('"peersFound"'));
    const changed = lines.with(at, lines[at]!.replace(/"10\.0\.0\.\d+:4001"/, '"10.0.9.9:4001"'));
    const { differsAtLine, wanted } = replay(changed.join("\n"));
    expect(differsAtLine).toBe(at + 1);
    expect(wanted).toContainEqual(expect.objectContaining({ type: "connectPeer", address: "10.0.9.9:4001" }));
  });

  test.each([["", "is not JSON"], ["{}", "first line"], [`${lines[0]}\n{"nowMs":`, "line 2"]])("refuses what is none: %s", (log, why) => {
    expect(() => replay(log)).toThrow(UsageError);
    expect(() => replay(log)).toThrow(why);
  });
});
