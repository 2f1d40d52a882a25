import { inspect } from "node:util";
import { displayText, PiecewiseError } from "@piecewise/base";
import { exitCodeOf, type ExitCode } from "./exit-code.js";
import type { Output } from "./output.js";

/** What `--json` gives as the code of a bug of our own. */
const BUG = "INTERNAL";

/** Says in one line on stderr what failed, and as an event with `--json`; the stack only with `verbose`. Returns what to exit with. */
export function reportError(error: unknown, output: Output, verbose: boolean): ExitCode {
  const known = error instanceof PiecewiseError;
  const text = error instanceof Error ? error.message : String(error);
  const message = oneLine(known ? text : `internal error: ${text}; this is a bug; PIECEWISE_LOG=debug shows where`);
  output.event({ event: "error", code: known ? error.code : BUG, message });
  const { stderr } = output;
  const label = stderr.isTTY === true && stderr.hasColors?.() === true ? "\u001b[31mpeer:\u001b[39m" : "peer:";
  output.writeError(`${label} ${displayText(message)}\n`);
  if (verbose) output.writeError(`${inspect(error).split("\n").map(displayText).join("\n")}\n`);
  return exitCodeOf(error);
}

const oneLine = (text: string): string => text.trim().replace(/\s*[\r\n]+\s*/g, "; ");
