import { formatBytes } from "@piecewise/base";
import type { ContentListing } from "@piecewise/peer-node";
import type { JsonEvent } from "./json-events.js";
import { formatTable } from "./table.js";

const SHORT_ID_HEX_DIGITS = 12;
const NAMES_SHOWN_MAX = 3;

/** Lines that show contents one below the other; names come last, for their width depends on the terminal. The id can be given to a download. */
export function formatContentTable(listings: readonly ContentListing[]): string[] {
  return formatTable([
    ["ID", "SIZE", "PIECES OF", "PEERS", "SEEDS", "NAME"],
    ...listings.map((listing) => [
      listing.contentId.slice(0, "sha256:".length + SHORT_ID_HEX_DIGITS),
      formatBytes(listing.totalBytes),
      formatBytes(listing.pieceLength),
      String(listing.seedCount + listing.leecherCount),
      String(listing.seedCount),
      formatNames(listing.names),
    ]),
  ]);
}

export const contentEvent = (listing: ContentListing): JsonEvent => ({
  event: "content",
  contentId: listing.contentId,
  names: listing.names,
  bytes: listing.totalBytes,
  pieceLength: listing.pieceLength,
  entries: listing.entryCount,
  seeds: listing.seedCount,
  leechers: listing.leecherCount,
});

function formatNames(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN_MAX;
  return `${names.slice(0, NAMES_SHOWN_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
