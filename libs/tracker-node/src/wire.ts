import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type ContentAnnouncement as ContentAnnouncementMessage,
  type ContentProgress as ContentProgressMessage,
  type ContentSummarySchema,
  type GetStatsResponseSchema,
  type ListContentsRequest,
  type ListContentsResponseSchema,
  type LookupRequest,
  type LookupResponseSchema,
  Reachability,
  type RegisterRequest,
  type RegisterResponseSchema,
  type RenewRequest,
  type RenewResponseSchema,
  type SwarmPeerSchema,
  type WatchPeersRequest,
  type WatchPeersResponseSchema,
} from "@piecewise/contract";
import type {
  ContentAnnouncement,
  ContentPage,
  ContentProgress,
  ContentQuery,
  ContentSummary,
  LeaseGrant,
  LeaseTerm,
  Listing,
  Lookup,
  LookupAnswer,
  Registration,
  RegistryStats,
  Renewal,
  SwarmPeer,
  WatchEvent,
  WatchRequest,
} from "@piecewise/swarm-registry";

/**
 * Between the messages of the contract and what the registry speaks. Nothing is judged here: a number too large to be exact as a size is
 * far beyond what the registry admits, and stays so.
 */

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");

export const fromHex = (hex: string): Uint8Array => Buffer.from(hex, "hex");

export const toRegistration = (request: RegisterRequest, observedHost: string): Registration => ({
  peerId: toHex(request.peerId),
  observedHost,
  port: request.port,
  advertisedAddress: request.advertisedAddress,
  contents: request.contents.map(toAnnouncement),
  sequence: request.sequence,
  leaseToken: toHex(request.leaseToken),
});

export const toRenewal = (request: RenewRequest, observedHost: string): Renewal => ({
  peerId: toHex(request.peerId),
  observedHost,
  leaseToken: toHex(request.leaseToken),
  sequence: request.sequence,
  added: request.added.map(toAnnouncement),
  removed: request.removed,
  progress: request.progress.map(toProgress),
});

export const toLookup = (request: LookupRequest, askerHost: string): Lookup => ({
  what: toWhat(request.what),
  pieceLength: request.pieceLength,
  peersMax: request.peersMax,
  askerPeerId: toHex(request.peerId),
  askerHost,
});

export const toContentQuery = ({ filter, idPrefix, pageSize, pageToken }: ListContentsRequest): ContentQuery => ({
  filter,
  idPrefix,
  pageSize,
  pageToken,
});

export const toWatchRequest = ({ contentId, peersMax, peerId }: WatchPeersRequest, askerHost: string): WatchRequest => ({
  contentId,
  peersMax,
  askerPeerId: toHex(peerId),
  askerHost,
});

export const fromLeaseGrant = (grant: LeaseGrant): MessageInitShape<typeof RegisterResponseSchema> => ({
  lease: durationFromMs(grant.leaseMs),
  renewAfter: durationFromMs(grant.renewAfterMs),
  leaseToken: fromHex(grant.leaseToken),
  ...fromListing(grant),
});

export const fromLeaseTerm = (term: LeaseTerm): MessageInitShape<typeof RenewResponseSchema> => ({
  lease: durationFromMs(term.leaseMs),
  renewAfter: durationFromMs(term.renewAfterMs),
  ...fromListing(term),
});

export const fromLookupAnswer = ({ contents, peers }: LookupAnswer): MessageInitShape<typeof LookupResponseSchema> => ({
  contents: contents.map(fromSummary),
  peers: peers.map(fromSwarmPeer),
});

export const fromContentPage = ({ contents, nextPageToken }: ContentPage): MessageInitShape<typeof ListContentsResponseSchema> => ({
  contents: contents.map(fromSummary),
  nextPageToken,
});

export const fromWatchEvent = ({
  added,
  removed,
}: WatchEvent & { kind: "changed" }): MessageInitShape<typeof WatchPeersResponseSchema> => ({
  added: added.map(fromSwarmPeer),
  removed: [...removed],
});

export const fromStats = (stats: RegistryStats): MessageInitShape<typeof GetStatsResponseSchema> => ({
  contentCount: stats.contentCount,
  peerCount: stats.peerCount,
  membershipCount: stats.membershipCount,
  uptime: durationFromMs(Math.floor(stats.uptimeMs)),
  registrationsTotal: BigInt(stats.registrationsTotal),
  renewalsTotal: BigInt(stats.renewalsTotal),
  lookupsTotal: BigInt(stats.lookupsTotal),
  expirationsTotal: BigInt(stats.expirationsTotal),
  watcherCount: stats.watcherCount,
});

const REACHABILITY: Readonly<Record<Listing["reachability"], Reachability>> = {
  unknown: Reachability.UNSPECIFIED,
  reachable: Reachability.REACHABLE,
  unreachable: Reachability.UNREACHABLE,
};

const fromListing = ({ reachability, listedAddress }: Listing) => ({ reachability: REACHABILITY[reachability], listedAddress });

const toAnnouncement = (message: ContentAnnouncementMessage): ContentAnnouncement => ({
  contentId: message.contentId,
  name: message.name,
  totalBytes: Number(message.totalBytes),
  pieceLength: message.pieceLength,
  entryCount: message.entryCount,
  progress: message.progress === undefined ? undefined : toProgress(message.progress),
});

// The bytes that were sent and received are not taken over: no answer of the contract passes them on yet.
const toProgress = ({ contentId, piecesHeld, coarseMap }: ContentProgressMessage): ContentProgress => ({
  contentId,
  piecesHeld,
  coarseMap,
});

function toWhat(what: LookupRequest["what"]): Lookup["what"] {
  switch (what.case) {
    case "contentId":
      return { contentId: what.value };
    case "name":
      return { name: what.value };
    case undefined:
      return undefined;
  }
}

const fromSummary = (summary: ContentSummary): MessageInitShape<typeof ContentSummarySchema> => ({
  contentId: summary.contentId,
  names: [...summary.names],
  totalBytes: BigInt(summary.totalBytes),
  pieceLength: summary.pieceLength,
  entryCount: summary.entryCount,
  seedCount: summary.seedCount,
  leecherCount: summary.leecherCount,
});

const fromSwarmPeer = ({ address, peerId, piecesHeld }: SwarmPeer): MessageInitShape<typeof SwarmPeerSchema> => ({
  address,
  peerId: fromHex(peerId),
  piecesHeld,
});
