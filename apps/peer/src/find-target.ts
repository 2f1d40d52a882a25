import { RemoteError, UsageError, type ContentId } from "@piecewise/base";
import type { ContentListing, DownloadTarget, PeerNode } from "@piecewise/peer-node";
import { contentEvent, formatContentTable } from "./content-table.js";
import type { CommandContext } from "./host.js";
import { otherPieceLengthError, resolveContent, severalError, unknownIdError, unknownNameError } from "./resolve-content.js";
import type { Sources } from "./sources.js";
import type { What } from "./what.js";

/** @throws UsageError INVALID_ARGUMENT if only a tracker could tell what is meant and none is named. */
export function checkCanBeFound(wanted: What, { trackers }: Sources): void {
  if (trackers.length > 0 || wanted.kind === "link" || wanted.kind === "contentId") return;
  const which = wanted.kind === "name" ? "a name" : "the beginning of a content id";
  throw new UsageError("INVALID_ARGUMENT", `only a tracker can look up ${which}: give --tracker HOST:PORT too, or a whole content id`);
}

/**
 * Finds the one content that is meant, and its name.
 * @throws RemoteError CONTENT_NOT_FOUND with names that are nearly the same, TRACKER_UNREACHABLE; UsageError NAME_AMBIGUOUS, after
 * listing what fits; CancelledError.
 */
export async function findTarget(
  node: PeerNode,
  wanted: What,
  pieceLength: number | undefined,
  sources: Sources,
  context: CommandContext,
): Promise<DownloadTarget> {
  const { peers } = sources;
  switch (wanted.kind) {
    case "name":
      return { ...(await findNamed(node, wanted.name, pieceLength, context)), peers };
    case "idPrefix":
      return { ...(await findByPrefix(node, wanted.idPrefix, context)), peers };
    case "contentId":
      return { contentId: wanted.contentId, name: await findNameOf(node, wanted.contentId, sources, context), peers };
    case "link": {
      const { contentId, name } = wanted.link;
      return { contentId, name: name ?? (await findNameOf(node, contentId, sources, context)), peers };
    }
  }
}

async function findNamed(node: PeerNode, name: string, pieceLength: number | undefined, context: CommandContext): Promise<DownloadTarget> {
  const { signal } = context.host.stop;
  const resolution = await resolveContent(node, { name, pieceLength }, signal);
  switch (resolution.kind) {
    case "found":
      return { contentId: resolution.listing.contentId, name };
    case "several":
      throw ambiguous(name, resolution.listings, context);
    case "otherPieceLength":
      throw otherPieceLengthError(name, resolution.wanted, resolution.listings);
    case "unknown":
      throw await unknownNameError(node, name, signal);
  }
}

async function findByPrefix(node: PeerNode, idPrefix: string, context: CommandContext): Promise<DownloadTarget> {
  const listings = await node.find({ idPrefix }, { signal: context.host.stop.signal });
  if (listings.length > 1) throw ambiguous(idPrefix, listings, context);
  const [listing] = listings;
  if (listing === undefined) throw unknownIdError(idPrefix);
  return { contentId: listing.contentId, name: listing.names[0] };
}

/**
 * Asks under which name to register a content whose id is known. Not to learn it is no reason to stop: the named peers may have it, and
 * others may come.
 */
async function findNameOf(node: PeerNode, contentId: ContentId, { trackers, peers }: Sources, context: CommandContext): Promise<string | undefined> {
  const { host, output } = context;
  if (trackers.length === 0) return undefined;
  try {
    const [listing] = await node.find({ contentId }, { signal: host.stop.signal });
    if (listing === undefined && peers.length === 0) output.note("no tracker knows a peer that has this content; waiting for one");
    return listing?.names[0];
  } catch (error) {
    if (!(error instanceof RemoteError) || peers.length === 0) throw error;
    output.note(`going on without a tracker: ${error.message}`);
    return undefined;
  }
}

/** Lists what fits, as events or on stderr, and gives the error to throw. */
function ambiguous(what: string, listings: readonly ContentListing[], { output }: CommandContext): UsageError {
  for (const listing of listings) output.event(contentEvent(listing));
  if (!output.json) for (const line of formatContentTable(listings)) output.note(line);
  return severalError(what, listings.length);
}
