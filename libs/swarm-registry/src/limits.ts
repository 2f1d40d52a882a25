/** What the tracker holds at most. A call that would exceed one of them but the last is refused as TRACKER_FULL. */
export interface RegistryLimits {
  /** Peers with a live lease. */
  readonly leasesMax: number;
  /** Contents with at least one peer. */
  readonly contentsMax: number;
  /** Distinct names over all contents. */
  readonly namesMax: number;
  /** Peer and content pairs. */
  readonly membershipsMax: number;
  /** Peers with a live lease that call from one IPv4 address or one /64 of IPv6, other than loopback. */
  readonly leasesPerNetworkMax: number;
  /** Contents of all of these together, one that several have counted for each. */
  readonly membershipsPerNetworkMax: number;
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
  leasesPerNetworkMax: 64,
  membershipsPerNetworkMax: 25_000,
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

/** How long a peer that is dialled has for all of its answer. */
export const DIAL_BACK_TIMEOUT_MS = 3_000;
/** Peers that are dialled at a time. */
export const DIAL_BACKS_AT_ONCE_MAX = 256;
/** Peers that are dialled in a second, after as many at once. One costs 0.6 ms of CPU. */
export const DIAL_BACKS_PER_SECOND_MAX = 500;
/** Of these at the word of callers from one network, after `NETWORK_DIAL_BACKS_MAX` at once. Loopback is not counted. */
export const NETWORK_DIAL_BACKS_PER_SECOND_MAX = 2;
export const NETWORK_DIAL_BACKS_MAX = 16;
/** Attempts at one address for one lease. All but the first are made when the lease is renewed. */
export const DIAL_BACKS_PER_ADDRESS_MAX = 8;
/** The least time until the second attempt; it doubles with each further one. The last comes after an hour. */
export const DIAL_BACK_RETRY_MS = 30_000;
