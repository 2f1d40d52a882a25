import type { CommandContext } from "../host.js";
import type { JsonEvent } from "../json-events.js";
import type { Output } from "../output.js";
import { formatBarLine, formatPlainLine, type ProgressLine } from "./line.js";

/** A line for a person at most so often, where it cannot be drawn over the last one. */
const PLAIN_LINE_INTERVAL_MS = 3_000;
const EVENT_INTERVAL_MS = 250;
const REDRAWS_PER_SECOND = 8;
/** Where the terminal does not say, or says 0. */
const TERMINAL_WIDTH = 80;

/** One state of some work. */
export interface ProgressReport {
  readonly line: ProgressLine;
  readonly event: JsonEvent;
}

/** Shows how far some work is: a bar on a terminal, a line now and then elsewhere, events with `--json`. */
export interface ProgressDisplay {
  report(report: ProgressReport): void;
  /** The work is done: the last state is shown once more, if it was not, and stays. */
  finish(): void;
  /** The work has failed: what a person is told then is the error alone. Events tell the last state nevertheless. */
  fail(): void;
}

/** Shows how far `work` is while it goes on. @throws what `work` throws. */
export async function withProgress<Result>(
  context: CommandContext,
  work: (report: (report: ProgressReport) => void) => Promise<Result>,
): Promise<Result> {
  const display = await openProgressDisplay(context);
  let result: Result;
  try {
    result = await work((report) => display.report(report));
  } catch (error) {
    display.fail();
    throw error;
  }
  display.finish();
  return result;
}

export async function openProgressDisplay({ host, output }: CommandContext): Promise<ProgressDisplay> {
  if (output.json) {
    const display = createSparseDisplay(EVENT_INTERVAL_MS, host.nowMs, ({ event }) => output.event(event));
    return { ...display, fail: display.finish };
  }
  const isBarPossible = output.stderr.isTTY === true && host.env.TERM !== "dumb";
  if (isBarPossible) return openBarDisplay(output);
  return createSparseDisplay(PLAIN_LINE_INTERVAL_MS, host.nowMs, ({ line }) => output.note(formatPlainLine(line)));
}

/** Shows the first state, then one at most every `intervalMs`, and always the last. */
function createSparseDisplay(intervalMs: number, nowMs: () => number, show: (report: ProgressReport) => void): ProgressDisplay {
  let held: ProgressReport | undefined;
  let nextMs = -Infinity;
  const showHeld = () => {
    if (held !== undefined) show(held);
    held = undefined;
  };
  return {
    report(report) {
      held = report;
      const now = nowMs();
      if (now < nextMs) return;
      nextMs = now + intervalMs;
      showHeld();
    },
    finish: showHeld,
    fail() {
      held = undefined;
    },
  };
}

async function openBarDisplay(output: Output): Promise<ProgressDisplay> {
  const { MultiBar } = await import("cli-progress");
  let line: ProgressLine | undefined;
  // A full last column would make some terminals go to the next line.
  const format = (width: number): string => (line === undefined ? "" : formatBarLine(line, width - 1));
  const bars = new MultiBar({
    stream: output.stderr,
    format: (_options, { maxWidth }) => format(maxWidth),
    linewrap: true,
    forceRedraw: true,
    fps: REDRAWS_PER_SECOND,
    clearOnComplete: true,
  });
  const hide = () => {
    if (line === undefined) return;
    // What was logged since the last redraw is printed by this one.
    bars.update();
    bars.stop();
    output.barShown(undefined);
  };
  return {
    report(report) {
      const isFirst = line === undefined;
      line = report.line;
      if (!isFirst) return;
      bars.create(1, 0, {});
      output.barShown((text) => bars.log(text));
    },
    finish() {
      hide();
      if (line !== undefined) output.stderr.write(`${format(output.stderr.columns || TERMINAL_WIDTH)}\n`);
    },
    fail: hide,
  };
}
