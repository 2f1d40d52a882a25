import { UsageError } from "@piecewise/base";
import type { CommandFlags } from "../command-table.js";
import { withCommandNode } from "../command-node.js";
import type { CommandContext } from "../host.js";
import { shareAndServe } from "../share-content.js";
import { chooseSources } from "../sources.js";

/** `peer share PATH...`: one content for each path, served until it is stopped. */
export async function share(paths: readonly string[], flags: CommandFlags<"share">, context: CommandContext): Promise<void> {
  const { name, pieceLength, listen, advertise, uploadBytesPerSecond, logLevel } = flags;
  if (name !== undefined && paths.length > 1) {
    throw new UsageError("INVALID_ARGUMENT", `--name is for one PATH, and ${paths.length} are given: share them one by one, or without it`);
  }
  const { trackers } = chooseSources({ trackers: flags.trackers, peers: [] });
  await withCommandNode(context, { trackers, listen, advertise, uploadBytesPerSecond }, logLevel, (node) =>
    shareAndServe(node, paths, { name, pieceLength }, context),
  );
}
