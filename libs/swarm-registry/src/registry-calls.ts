/**
 * What is asked of the registry and what it answers. Peer ids and tokens are lower-case hex; addresses are `host:port`; every field is
 * checked by the registry, so that a request may hold whatever came in.
 */

/** How far a peer says it is with one content. */
export interface Progress {
  readonly piecesHeld: number;
  readonly coarseMap: Uint8Array;
}

export interface ContentProgress extends Progress {
  readonly contentId: string;
}

/** A peer takes part in the swarm of a content. */
export interface ContentAnnouncement {
  readonly contentId: string;
  readonly name: string;
  readonly totalBytes: number;
  readonly pieceLength: number;
  readonly entryCount: number;
  /** Without it the peer holds nothing yet. */
  readonly progress: Progress | undefined;
}

/** Opens a lease or replaces all that it covers. */
export interface Registration {
  readonly peerId: string;
  /** The address from which the peer called, without port. */
  readonly observedHost: string;
  readonly port: number;
  /** Listed instead of the observed host and the port, an IP address and a port; empty for none. */
  readonly advertisedAddress: string;
  /** Of an id that occurs twice the last one counts. */
  readonly contents: readonly ContentAnnouncement[];
  readonly sequence: bigint;
  /** Empty for a first registration. */
  readonly leaseToken: string;
}

/** Prolongs a lease. Applied in this order: removed, added, progress. */
export interface Renewal {
  readonly peerId: string;
  readonly observedHost: string;
  readonly leaseToken: string;
  readonly sequence: bigint;
  readonly added: readonly ContentAnnouncement[];
  readonly removed: readonly string[];
  /** Entries for contents in which the peer takes no part (any more) are passed over. */
  readonly progress: readonly ContentProgress[];
}

/** What was found where a peer is to be listed: not known yet, the peer, or nobody. */
export type Reachability = "unknown" | "reachable" | "unreachable";

/** Whether others are told of a peer. */
export interface Listing {
  readonly reachability: Reachability;
  /** Under which they find it, `host:port`; empty while they are not told. */
  readonly listedAddress: string;
}

export interface LeaseTerm extends Listing {
  /** How long the lease lasts from now. */
  readonly leaseMs: number;
  /** When to renew, from now. */
  readonly renewAfterMs: number;
}

export interface LeaseGrant extends LeaseTerm {
  readonly leaseToken: string;
}

/** Whose sample it is. */
export interface SampleQuery {
  /** 0 for the default. */
  readonly peersMax: number;
  /** Left out of the sample; empty for nobody. */
  readonly askerPeerId: string;
  /** The address from which the asker called, without port. Only askers on loopback are told of peers on loopback. */
  readonly askerHost: string;
}

export interface Lookup extends SampleQuery {
  readonly what: { readonly contentId: string } | { readonly name: string } | undefined;
  /** With a name: only contents of this piece length; 0 for any. */
  readonly pieceLength: number;
}

export interface SwarmPeer {
  readonly address: string;
  readonly peerId: string;
  readonly piecesHeld: number;
}

export interface ContentSummary {
  readonly contentId: string;
  /** The most common first. */
  readonly names: readonly string[];
  readonly totalBytes: number;
  readonly pieceLength: number;
  readonly entryCount: number;
  readonly seedCount: number;
  readonly leecherCount: number;
}

export interface LookupAnswer {
  /** Ordered by id. */
  readonly contents: readonly ContentSummary[];
  /** Only for exactly one content. */
  readonly peers: readonly SwarmPeer[];
}

export interface ContentQuery {
  /** A part of a name, whatever its case; empty for all. */
  readonly filter: string;
  /** `sha256:` and any number of hex digits; empty for all. */
  readonly idPrefix: string;
  /** 0 for the default. */
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
}

export interface ContentPage {
  readonly contents: readonly ContentSummary[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export interface WatchRequest extends SampleQuery {
  readonly contentId: string;
}

/** What a watcher is due: a change of its sample (an empty one is a heartbeat), or the end because it takes nothing. */
export type WatchEvent =
  | { readonly kind: "changed"; readonly watchId: number; readonly added: readonly SwarmPeer[]; readonly removed: readonly string[] }
  | { readonly kind: "stalled"; readonly watchId: number };

/** Somebody is to be asked who it is; within `DIAL_BACK_TIMEOUT_MS` the registry wants to hear of it in `dialBackEnded`. */
export interface DialBack {
  readonly dialBackId: number;
  /** An IP address and a port. */
  readonly address: string;
  /** Hex digits that the answer has to carry. */
  readonly nonce: string;
  /** Of the peer that is to be found there. */
  readonly peerId: string;
}

/** What was answered there, whoever it was. */
export interface DialBackAnswer {
  readonly nonce: string;
  /** All ids under which it goes. */
  readonly peerIds: readonly string[];
}

export interface RegistryStats {
  readonly contentCount: number;
  readonly peerCount: number;
  readonly membershipCount: number;
  readonly watcherCount: number;
  readonly uptimeMs: number;
  readonly registrationsTotal: number;
  readonly renewalsTotal: number;
  readonly lookupsTotal: number;
  readonly expirationsTotal: number;
}
