import type { CommandContext } from "../host.js";
import type { JsonEvent } from "../json-events.js";
import type { Output } from "../output.js";
import { formatBarLine, formatPlainLine, type ProgressLine } from "./line.js";

/** A line for a person at most so often, where it cannot be drawn over the last one. */
const PLAIN_LINE_INTERVAL_MS = 3_000;
const EVENT_INTERVAL_MS = 250;
const REDRAWS_PER_SECOND = 8;

/** One state of some work. */
export interface ProgressReport {
  readonly line: ProgressLine;
  readonly event: JsonEvent;
}

/** Shows how far some work is: a bar on a terminal, a line now and then elsewhere, events with `--json`. */
export interface ProgressDisplay {
  report(report: ProgressReport): void;
  /** Shows the last state once more, if it was not shown, and leaves the terminal as it was. Idempotent. */
  stop(): void;
}

export async function openProgressDisplay({ host, output }: CommandContext): Promise<ProgressDisplay> {
  if (output.json) return createSparseDisplay(EVENT_INTERVAL_MS, host.nowMs, ({ event }) => output.event(event));
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
    stop: showHeld,
  };
}

async function openBarDisplay(output: Output): Promise<ProgressDisplay> {
  const { MultiBar } = await import("cli-progress");
  let line: ProgressLine | undefined;
  const bars = new MultiBar({
    stream: output.stderr,
    // A full last column would make some terminals go to the next line.
    format: (_options, { maxWidth }) => (line === undefined ? "" : formatBarLine(line, maxWidth - 1)),
    linewrap: true,
    forceRedraw: true,
    fps: REDRAWS_PER_SECOND,
  });
  const show = () => {
    bars.create(1, 0, {});
    output.barShown((text) => bars.log(text));
  };
  const hide = () => {
    // What was logged since the last redraw is printed by this one.
    bars.update();
    bars.stop();
    output.barShown(undefined);
  };
  let state: "new" | "shown" | "stopped" = "new";
  return {
    report(report) {
      line = report.line;
      if (state === "new") show();
      if (state === "new") state = "shown";
    },
    stop() {
      if (state === "shown") hide();
      state = "stopped";
    },
  };
}
