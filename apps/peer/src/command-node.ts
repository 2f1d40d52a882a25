import type { PeerNode, PeerNodeOptions } from "@piecewise/peer-node";
import type { LogLevel } from "./flag-values.js";
import type { CommandContext } from "./host.js";
import { openLogger } from "./log.js";

/** Where a peer listens that only asks: nobody has to reach it. */
export const LISTEN_FOR_NOBODY = "127.0.0.1:0";

/** How long those who are being served when a command ends may go on. */
const DRAIN_MS = 5_000;

/**
 * Runs `work` with a peer that logs on stderr, and closes the peer whatever comes of it.
 * @throws what starting it and `work` throw.
 */
export async function withCommandNode<Result>(
  { host, output }: CommandContext,
  options: PeerNodeOptions,
  logLevel: LogLevel | undefined,
  work: (node: PeerNode) => Promise<Result>,
): Promise<Result> {
  const node = await host.startNode({ ...options, logger: await openLogger(logLevel ?? "warn", output) });
  try {
    if (options.trackers.length === 0 && options.listen === undefined) {
      output.note(`listening on all interfaces (${node.listenAddress}), as no tracker is named; --listen 127.0.0.1:0 keeps it on this machine`);
    }
    return await work(node);
  } finally {
    await node.close({ drainMs: DRAIN_MS });
  }
}
