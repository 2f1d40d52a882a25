/** What the tracker holds at most. A call that would exceed one of the first five is refused as TRACKER_FULL. */
export interface RegistryLimits {
  /** Peers with a live lease. */
  readonly leasesMax: number;
  /** Contents with at least one peer. */
  readonly contentsMax: number;
  /** Distinct names over all contents. */
  readonly namesMax: number;
  /** Peer and content pairs. */
  readonly membershipsMax: number;
  /** Open watches. */
  readonly watchersMax: number;
  /** Contents of one peer, and entries of any list in one request; more is INVALID_ARGUMENT, for waiting would not help. */
  readonly contentsPerLeaseMax: number;
}

export const REGISTRY_LIMITS: RegistryLimits = {
  leasesMax: 100_000,
  contentsMax: 100_000,
  namesMax: 200_000,
  membershipsMax: 1_000_000,
  watchersMax: 1_000,
  contentsPerLeaseMax: 10_000,
};

/** Leases shorter than this would drown the tracker in renewals. */
export const LEASE_MS_MIN = 1_000;
/** Leases longer than this would list dead peers for hours. */
export const LEASE_MS_MAX = 3_600_000;

/** Peers of one Lookup, or in the sample of one watch. */
export const PEERS_DEFAULT = 50;
export const PEERS_MAX = 200;

/** Contents on one page. A page of the largest summaries stays below the 4 MiB at which gRPC clients refuse a message. */
export const PAGE_SIZE_DEFAULT = 100;
export const PAGE_SIZE_MAX = 1_000;
/** Contents of one name in one Lookup; of more, those with the most peers are returned. */
export const LOOKUP_CONTENTS_MAX = 1_000;
/** Names in one summary, the most common ones. */
export const NAMES_PER_SUMMARY_MAX = 8;

/** Bytes of UTF-8 in a name or a filter. */
export const NAME_BYTES_MAX = 255;
/** Parts of a coarse map. */
export const COARSE_MAP_BYTES_MAX = 64;
export const PIECE_LENGTH_MAX = 67_108_864;
export const PIECES_MAX = 1_048_576;

/** The least time between two messages of a watch, but for a first change after a quiet second. */
export const WATCH_INTERVAL_MS = 1_000;
/** A watch says something at least so often: well inside the 15 s that the contract promises. */
export const WATCH_HEARTBEAT_MS = 12_000;
/** A watcher that takes nothing for so long is cut off: three of the promised heartbeats. */
export const WATCH_STALL_MS = 45_000;
