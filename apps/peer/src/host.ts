import type { Readable } from "node:stream";
import type { PeerNode, PeerNodeOptions } from "@piecewise/peer-node";
import type { Output, OutputStream } from "./output.js";
import type { StopSwitch } from "./stop-switch.js";

/** What the process gives to the commands; a test gives its own. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: OutputStream & NodeJS.WritableStream;
  readonly stderr: OutputStream;
  readonly stop: StopSwitch;
  /** A clock that only goes forward. */
  readonly nowMs: () => number;
  readonly startNode: (options: PeerNodeOptions) => Promise<PeerNode>;
}

/** What one command works with: the host, and its own way to speak. */
export interface CommandContext {
  readonly host: Host;
  readonly output: Output;
}
