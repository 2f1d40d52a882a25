import { PassThrough, Writable } from "node:stream";
import type { Host } from "../host.js";
import { main } from "../main.js";
import { createStopSwitch, type StopSwitch } from "../stop-switch.js";
import { FakeNode } from "./fake-node.js";

/** Keeps what is written, and tells when it holds something. */
export class CapturedStream extends Writable {
  text = "";
  isTTY: boolean | undefined;
  columns: number | undefined;
  readonly #waiters: { readonly part: string; readonly resolve: () => void }[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    for (const { part, resolve } of this.#waiters) if (this.text.includes(part)) resolve();
    done();
  }

  /** Resolves when `part` was written. */
  waitFor(part: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ part, resolve });
      if (this.text.includes(part)) resolve();
    });
  }

  /** The events of `--json`. */
  get events(): Record<string, unknown>[] {
    return this.text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

/** One run of the command line, with fakes on every side. */
export interface Run {
  readonly stdin: PassThrough & { isTTY?: boolean };
  readonly stdout: CapturedStream;
  readonly stderr: CapturedStream;
  readonly stop: StopSwitch;
  readonly node: FakeNode;
  readonly exitCode: Promise<number>;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly node?: FakeNode;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly nowMs?: () => number;
}

export function runMain(argv: readonly string[], options: RunOptions = {}): Run {
  const { env = {}, node = new FakeNode(), isTTY, columns, nowMs = () => 0 } = options;
  const stdin: Run["stdin"] = new PassThrough();
  const [stdout, stderr] = [new CapturedStream(), new CapturedStream()];
  const stop = createStopSwitch(() => {});
  if (isTTY !== undefined) stdin.isTTY = isTTY;
  for (const stream of [stdout, stderr]) {
    stream.isTTY = isTTY;
    stream.columns = columns;
  }
  const startNode: Host["startNode"] = async (nodeOptions) => {
    node.calls.push("start");
    node.options = nodeOptions;
    return node;
  };
  const exitCode = main(argv, { env, stdin, stdout, stderr, stop, nowMs, startNode });
  return { stdin, stdout, stderr, stop, node, exitCode };
}
