import type { CommandFlags } from "../command-table.js";
import { LISTEN_FOR_NOBODY, withCommandNode } from "../command-node.js";
import { contentEvent, formatContentTable } from "../content-table.js";
import type { CommandContext } from "../host.js";
import { chooseSources } from "../sources.js";

/** `peer list [FILTER]`: what the trackers know. */
export async function list(filter: string | undefined, flags: CommandFlags<"list">, context: CommandContext): Promise<void> {
  const { host, output } = context;
  const { trackers } = chooseSources({ trackers: flags.trackers, peers: [] });
  await withCommandNode(context, { trackers, listen: LISTEN_FOR_NOBODY }, flags.logLevel, async (node) => {
    const listings = await node.list(filter, { signal: host.stop.signal });
    for (const listing of listings) output.event(contentEvent(listing));
    if (listings.length > 0) for (const line of formatContentTable(listings)) output.result(line);
    else output.note(filter === undefined ? "the trackers know no content" : `the trackers know nothing with "${filter}" in its name`);
  });
}
