import type { Link } from "@piecewise/manifest";

/** Asked when nothing else names a source. */
export const DEFAULT_TRACKER = "127.0.0.1:50051";

/** Whom to ask for a content. */
export interface Sources {
  readonly trackers: readonly string[];
  readonly peers: readonly string[];
}

/** Joins what the flags (or their variables) and the link name; the default tracker only if that is nothing. */
export function chooseSources(given: Sources, link?: Link): Sources {
  const trackers = [...new Set([...given.trackers, ...(link?.trackers ?? [])])];
  const peers = [...new Set([...given.peers, ...(link?.peers ?? [])])];
  return { trackers: trackers.length + peers.length === 0 ? [DEFAULT_TRACKER] : trackers, peers };
}
