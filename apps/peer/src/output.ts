import { displayText } from "@piecewise/base";
import { formatJsonEvent, type JsonEvent } from "./json-events.js";
import { MESSAGES, type Messages } from "./messages.js";

/** A stream that a command writes to. `columns` and the like exist on a terminal only. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
  hasColors?(): boolean;
}

export interface OutputOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** stdout carries events only. */
  readonly json?: boolean;
  /** Default: English. */
  readonly messages?: Messages;
}

/**
 * Where a command speaks: results on stdout, for people or as JSON; notes, progress and logs on stderr. Everything passes
 * `displayText`, so that no name from the network reaches a terminal raw.
 */
export class Output {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly json: boolean;
  readonly messages: Messages;
  #printAbove: ((text: string) => void) | undefined;

  constructor(options: OutputOptions) {
    this.stdout = options.stdout;
    this.stderr = options.stderr;
    this.json = options.json ?? false;
    this.messages = options.messages ?? MESSAGES.en;
  }

  /** A line for people. Nothing with `--json`. */
  result(line: string): void {
    if (!this.json) this.stdout.write(`${displayText(line)}\n`);
  }

  /** A line for programs. Nothing without `--json`. */
  event(event: JsonEvent): void {
    if (this.json) this.stdout.write(formatJsonEvent(event));
  }

  /** A line on stderr. */
  note(line: string): void {
    this.writeError(`${displayText(line)}\n`);
  }

  /** Whole lines for stderr, already safe; above the progress bar, if there is one. */
  writeError(text: string): void {
    if (this.#printAbove === undefined) this.stderr.write(text);
    else this.#printAbove(text);
  }

  /** While a bar stands on the last line of the terminal, other text goes through `printAbove`; undefined when it is gone. */
  barShown(printAbove: ((text: string) => void) | undefined): void {
    this.#printAbove = printAbove;
  }
}
