import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { CommandContext } from "../host.js";
import { Output } from "../output.js";
import { createStopSwitch } from "../stop-switch.js";
import { FakeNode } from "../testing/fake-node.js";
import { CapturedStream } from "../testing/run-main.js";
import { openProgressDisplay, type ProgressReport, withProgress } from "./progress-display.js";
import { PassThrough } from "node:stream";

const report = (done: number): ProgressReport => ({
  line: { fraction: done / 100, parts: ["hashing x"] },
  event: { event: "hashing", path: "x", doneBytes: done, totalBytes: 100 },
});

function prepare(options: { json?: boolean; isTTY?: boolean; columns?: number; env?: Record<string, string> } = {}) {
  const [stdout, stderr] = [new CapturedStream(), new CapturedStream()];
  stderr.isTTY = options.isTTY;
  stderr.columns = options.columns;
  const clock = { nowMs: 0 };
  const output = new Output({ stdout, stderr, json: options.json ?? false });
  const host = {
    env: options.env ?? {},
    stdin: new PassThrough(),
    stdout,
    stderr,
    stop: createStopSwitch(() => {}),
    nowMs: () => clock.nowMs,
    startNode: async () => new FakeNode(),
  };
  const context: CommandContext = { host, output };
  return { stdout, stderr, clock, output, context };
}

test("elsewhere than on a terminal: a line every few seconds, and the last one", async () => {
  const { stderr, clock, context } = prepare();
  const display = await openProgressDisplay(context);
  for (const [nowMs, done] of [[0, 1], [1_000, 2], [2_999, 3], [3_000, 4], [3_100, 5], [3_200, 6]] as const) {
    clock.nowMs = nowMs;
    display.report(report(done));
  }
  expect(stderr.text).toBe("hashing x  1%\nhashing x  4%\n");
  display.finish();
  expect(stderr.text).toBe("hashing x  1%\nhashing x  4%\nhashing x  6%\n");
});

test("a terminal that can do nothing gets lines too", async () => {
  const { stderr, context } = prepare({ isTTY: true, columns: 80, env: { TERM: "dumb" } });
  const display = await openProgressDisplay(context);
  display.report(report(1));
  display.finish();
  expect(stderr.text).toBe("hashing x  1%\n");
});

test("with --json: events on stdout, and nothing on stderr even on a terminal", async () => {
  const { stdout, stderr, clock, context } = prepare({ json: true, isTTY: true, columns: 80 });
  const display = await openProgressDisplay(context);
  for (const [nowMs, done] of [[0, 1], [249, 2], [250, 3], [251, 4]] as const) {
    clock.nowMs = nowMs;
    display.report(report(done));
  }
  display.finish();
  expect(stdout.events.map((event) => event["doneBytes"])).toEqual([1, 3, 4]);
  expect(stderr.text).toBe("");
});

test("on a terminal: a bar, notes above it, and the last state stays", async () => {
  const { stderr, output, context } = prepare({ isTTY: true, columns: 40 });
  const display = await openProgressDisplay(context);
  display.report(report(50));
  output.note("a note");
  display.report(report(100));
  display.finish();
  output.note("afterwards");
  const lines = stripVTControlCharacters(stderr.text).split("\n");
  expect(lines[0]).toMatch(/a note$/);
  expect(lines[1]).toContain("[====================]  hashing x  100%");
  expect(lines.slice(2)).toEqual(["afterwards", ""]);
});

test("a terminal that does not know its width gets a line of a usual one", async () => {
  const { stderr, context } = prepare({ isTTY: true, columns: 0 });
  const display = await openProgressDisplay(context);
  display.report(report(100));
  display.finish();
  expect(stripVTControlCharacters(stderr.text)).toMatch(/\]  hashing x  100%\n$/);
});

test("a bar that had nothing to show leaves nothing behind", async () => {
  const { stderr, context } = prepare({ isTTY: true, columns: 40 });
  const display = await openProgressDisplay(context);
  display.finish();
  expect(stderr.text).toBe("");
});

async function failAfterTwoReports(options: Parameters<typeof prepare>[0] = {}) {
  const { stdout, stderr, context } = prepare(options);
  const work = withProgress(context, async (show) => {
    show(report(1));
    show(report(2));
    throw new Error("it failed");
  });
  await expect(work).rejects.toThrow("it failed");
  return { stdout, stderr };
}

test("of work that fails no last state is shown, except to programs", async () => {
  expect((await failAfterTwoReports()).stderr.text).toBe("hashing x  1%\n");
  const bar = (await failAfterTwoReports({ isTTY: true, columns: 40 })).stderr.text;
  expect(bar).toContain("hashing x");
  expect(bar).not.toContain("\n");
  expect(bar.endsWith("\u001b[1G\u001b[0J")).toBe(true);
  expect((await failAfterTwoReports({ json: true })).stdout.events.map((event) => event["doneBytes"])).toEqual([1, 2]);
});
