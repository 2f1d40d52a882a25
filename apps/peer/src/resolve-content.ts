import { formatBytes, RemoteError, UsageError } from "@piecewise/base";
import type { ContentListing, ContentQuery, PeerNode } from "@piecewise/peer-node";
import { nearMatches } from "./near-matches.js";

type NonEmpty<Item> = readonly [Item, ...Item[]];

/** What the trackers say to a query. */
export type Resolution =
  | { readonly kind: "found"; readonly listing: ContentListing }
  | { readonly kind: "several"; readonly listings: readonly ContentListing[] }
  /** The name is known, but not with the piece length `wanted`. */
  | { readonly kind: "otherPieceLength"; readonly wanted: number; readonly listings: NonEmpty<ContentListing> }
  | { readonly kind: "unknown" };

/** @throws RemoteError TRACKER_UNREACHABLE and the like if no tracker answered; CancelledError. */
export async function resolveContent(node: PeerNode, query: ContentQuery, signal: AbortSignal): Promise<Resolution> {
  const listings = await node.find(query, { signal });
  const [listing] = listings;
  if (listings.length > 1) return { kind: "several", listings };
  if (listing !== undefined) return { kind: "found", listing };
  if (query.pieceLength === undefined) return { kind: "unknown" };
  const [first, ...rest] = await node.find({ ...query, pieceLength: undefined }, { signal });
  return first === undefined ? { kind: "unknown" } : { kind: "otherPieceLength", wanted: query.pieceLength, listings: [first, ...rest] };
}

/** Says that nobody knows `name`, and what is called nearly so. */
export async function unknownNameError(node: PeerNode, name: string, signal: AbortSignal): Promise<RemoteError> {
  const near = await findNearMatches(node, name, signal);
  if (near.includes(name)) return new RemoteError("CONTENT_NOT_FOUND", `"${name}" has been shared only this moment; run the same again`);
  const hint = near.length === 0 ? "" : `, but they know ${near.map((match) => `"${match}"`).join(", ")}`;
  return new RemoteError("CONTENT_NOT_FOUND", `the trackers know nothing called "${name}"${hint}; "peer list" shows everything`);
}

export const unknownIdError = (idPrefix: string): RemoteError =>
  new RemoteError("CONTENT_NOT_FOUND", `the trackers know no content whose id begins with "${idPrefix}"; "peer list" shows everything`);

export function otherPieceLengthError(name: string, wanted: number, listings: readonly ContentListing[]): RemoteError {
  const offered = [...new Set(listings.map((listing) => formatBytes(listing.pieceLength)))].join(", ");
  const message = `"${name}" is not offered with pieces of ${formatBytes(wanted)} but of ${offered}; leave --piece-length out or give that`;
  return new RemoteError("CONTENT_NOT_FOUND", message);
}

export const severalError = (what: string, count: number): UsageError =>
  new UsageError("NAME_AMBIGUOUS", `"${what}" fits ${count} contents: give --piece-length if that tells them apart, or the content id of one`);

/**
 * Halves the beginning of the name until a tracker knows some name that contains it and begins alike: few questions, and few
 * names in each answer.
 */
async function findNearMatches(node: PeerNode, name: string, signal: AbortSignal): Promise<string[]> {
  const characters = [...name];
  for (let length = characters.length; length > 0; length = Math.floor(length / 2)) {
    const listings = await node.list(characters.slice(0, length).join(""), { signal });
    const near = nearMatches(name, [...new Set(listings.flatMap((listing) => listing.names))]);
    if (near.length > 0) return near;
  }
  return [];
}
