import { inspect } from "node:util";
import { PiecewiseError, displayText } from "@piecewise/base";
import { type ExitCode, exitCodeOf } from "./exit-code.js";
import type { Host } from "./host.js";
import { formatJsonEvent } from "./json-events.js";

/** What `--json` gives as the code of a bug of our own. */
const BUG = "INTERNAL";

export interface ReportOptions {
  readonly json: boolean;
  /** With the stack. */
  readonly verbose: boolean;
}

/** Says in one line on stderr what failed, and as an event with `--json`. Returns what to exit with. */
export function reportError(error: unknown, { stdout, stderr }: Host, { json, verbose }: ReportOptions): ExitCode {
  const isKnown = error instanceof PiecewiseError;
  const text = error instanceof Error ? error.message : String(error);
  const message = oneLine(isKnown ? text : `internal error: ${text}; this is a bug; PIECEWISE_LOG=debug shows where`);
  if (json) stdout.write(formatJsonEvent({ event: "error", code: isKnown ? error.code : BUG, message }));
  stderr.write(`tracker: ${displayText(message)}\n`);
  if (verbose) stderr.write(`${inspect(error).split("\n").map(displayText).join("\n")}\n`);
  return exitCodeOf(error);
}

const oneLine = (text: string): string => text.trim().replace(/\s*[\r\n]+\s*/g, "; ");
