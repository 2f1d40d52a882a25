import { startHasher } from "@piecewise/piece-store";
import type { CommandFlags } from "../command-table.js";
import { withCommandNode } from "../command-node.js";
import { fetchContent } from "../fetch-content.js";
import { checkCanBeFound, findTarget } from "../find-target.js";
import type { CommandContext } from "../host.js";
import { serveUntilStopped } from "../share-content.js";
import { chooseSources } from "../sources.js";
import { parseWhat } from "../what.js";

/** `peer download WHAT`: fetches one content, and with `--seed` serves it until it is stopped. */
export async function download(what: string, flags: CommandFlags<"download">, context: CommandContext): Promise<void> {
  const wanted = parseWhat(what);
  const sources = chooseSources(flags, wanted.kind === "link" ? wanted.link : undefined);
  checkCanBeFound(wanted, sources);
  const { listen, advertise, uploadBytesPerSecond, downloadBytesPerSecond, output, peersMax, force, sourceTimeoutMs, recordPath } = flags;
  const options = { trackers: sources.trackers, listen, advertise, uploadBytesPerSecond, downloadBytesPerSecond };
  // While it starts, everything else does, too.
  await using _ = startHasher();
  await withCommandNode(context, options, flags.logLevel, async (node) => {
    const target = await findTarget(node, wanted, flags.pieceLength, sources, context);
    await fetchContent(node, target, { output, peersMax, force, sourceTimeoutMs, recordPath }, context);
    if (flags.seed) await serveUntilStopped(node, context);
  });
}
