import { UsageError } from "@piecewise/base";
import { createRecordedEngine } from "@piecewise/piece-engine";
import { describe, expect, test } from "vitest";
import { RunLog } from "../run-log.js";
import { Simulation } from "../simulation.js";
import { several, setUp } from "../swarm-plan.js";
import { replayDownload } from "./replay-download.js";

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
        node.index === 3 ? createRecordedEngine({ seed: 7, givenAddresses: [], hasTracker: true }, (line) => lines.push(line) > 0) : engine,
    },
    1,
  );
  new Simulation(plan, [], new RunLog()).run();
  return lines;
}

describe("a log of a download", () => {
  const lines = recordOne();

  test("is gone through again, event for event", () => {
    const totalBytes = PIECES * 262_144;
    expect(replayDownload(lines.join("\n"))).toEqual({ events: lines.length - 1, difference: undefined, isOver: true, verifiedBytes: totalBytes, totalBytes });
  });

  test("that was cut off is gone through as far as it goes", () => {
    const cut = replayDownload(lines.slice(0, -20).join("\n"));
    expect(cut).toMatchObject({ events: lines.length - 21, difference: undefined, isOver: false });
  });

  test("shows where a brain goes another way", () => {
    const at = lines.findIndex((line) => line.includes('"peersFound"'));
    const changed = lines.with(at, lines[at]!.replace(/"addresses":\["peer-\d+"/, '"addresses":["peer-999"'));
    const { difference } = replayDownload(changed.join("\n"));
    expect(difference?.line).toBe(at + 1);
    expect(difference?.wanted).toContainEqual(expect.objectContaining({ type: "connectPeer", address: "peer-999" }));
    expect(difference?.recorded).toEqual(JSON.parse(lines[at]!).commands);
  });

  test("shows where a brain throws", () => {
    const at = lines.findIndex((line) => line.includes('"storeOpened"'));
    const changed = lines.with(at, lines[at]!.replace(/"bits":\d+,"hex":"[0-9a-f]+"/, '"bits":8,"hex":"00"'));
    const { difference } = replayDownload(changed.join("\n"));
    expect(difference).toMatchObject({ line: at + 1, wanted: undefined, cause: expect.objectContaining({ message: expect.stringContaining("pieces") }) });
  });

  test("holds no address", () => {
    expect(lines.join("\n")).not.toMatch(/10\.0\.0\.\d/);
    expect(lines.join("\n")).toContain('"type":"banPeer"');
  });

  test.each([["", "is not a JSON object"], ["{}", "first line"], [`${lines[0]}\nnull`, "line 2"], [`${lines[0]}\n{"nowMs":`, "line 2"]])("refuses what is none: %s", (log, why) => {
    expect(() => replayDownload(log)).toThrow(UsageError);
    expect(() => replayDownload(log)).toThrow(why);
  });
});
