import type { ContentId } from "@piecewise/base";
import type { PieceSource } from "@piecewise/piece-store";
import type { KnownPeers } from "./known-peers.js";

/** A process takes part in at most so many swarms; a lease covers no more. */
export const CONTENTS_MAX = 10_000;

/** A content in whose swarm this peer takes part. */
export interface LocalContent {
  readonly contentId: ContentId;
  /** Under which it is registered. */
  readonly name: string;
  readonly source: PieceSource;
  readonly knownPeers: KnownPeers;
  /** Called when a peer of this swarm calls us and says where it listens: a download may want to dial it. */
  onCaller: ((address: string) => void) | undefined;
  /** Payload bytes since the process started. */
  receivedBytes: number;
  sentBytes: number;
}

export const createLocalContent = (name: string, source: PieceSource, knownPeers: KnownPeers): LocalContent => ({
  contentId: source.contentId,
  name,
  source,
  knownPeers,
  onCaller: undefined,
  receivedBytes: 0,
  sentBytes: 0,
});

/** Everything in which this peer takes part. */
export type ContentTable = Map<ContentId, LocalContent>;
