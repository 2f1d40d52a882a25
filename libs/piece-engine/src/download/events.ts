import type { Bitfield, ErrorCode } from "@piecewise/base";

/** A peer as the download brain numbers it: given out with `connectPeer`, kept when it is dialled again, never used for another. */
export type PeerRef = number;
/** A GetPiece stream as the download brain numbers it. */
export type StreamRef = number;
/**
 * One attempt at a piece. Copy 0 is the one that lies in its place on disk; an end-game copy has a number of its own and a buffer of
 * its own until it is stored. Chunks of a copy arrive in order, whoever sends them.
 */
export type CopyRef = number;

/** A run of consecutive pieces; `count` is at least 1. */
export interface PieceRange {
  readonly first: number;
  readonly count: number;
}

/** Where addresses come from: named by the user, a tracker, another peer, or a peer that called us. */
export type PeerSource = "given" | "tracker" | "exchange" | "caller";

/** How the content is cut. */
export interface Geometry {
  readonly totalBytes: number;
  readonly pieceLength: number;
}

/** Facts that the download brain is told, in the past tense. Everything the network did is legal input; nothing of it makes the brain throw. */
export type DownloadEvent =
  | { readonly type: "started" }
  /** Peers of the swarm became known; `host:port`, duplicates and known ones are harmless. */
  | { readonly type: "peersFound"; readonly source: PeerSource; readonly addresses: readonly string[] }
  /** A lookup at all trackers, or an exchange with one peer, gave nothing. */
  | { readonly type: "peersNotFound"; readonly source: PeerSource }
  /** The peer answered WatchPieces; `offered` is the bitmap as it came. */
  | { readonly type: "peerConnected"; readonly peer: PeerRef; readonly offered: Uint8Array }
  | { readonly type: "peerOffers"; readonly peer: PeerRef; readonly added: readonly PieceRange[]; readonly withdrawn: readonly PieceRange[] }
  | { readonly type: "peerLoadChanged"; readonly peer: PeerRef; readonly slotsFree: number; readonly queueLength: number }
  /** Any message of WatchPieces, also a heartbeat without news. */
  | { readonly type: "peerHeard"; readonly peer: PeerRef }
  | { readonly type: "peerGoingAway"; readonly peer: PeerRef }
  /** It could not be reached, or its WatchPieces stream ended. */
  | { readonly type: "peerDisconnected"; readonly peer: PeerRef; readonly code: ErrorCode; readonly retryAfterMs?: number | undefined }
  /** The manifest arrived, matches the content id, and is legal. */
  | { readonly type: "manifestReceived"; readonly peer: PeerRef; readonly geometry: Geometry }
  /** MANIFEST_INVALID: the bytes do not hash to the content id. Any other code: they did not arrive. */
  | { readonly type: "manifestFailed"; readonly peer: PeerRef; readonly code: ErrorCode; readonly retryAfterMs?: number | undefined }
  /** The target is open; `stored` are the pieces that were there already and whose hashes are right. */
  | { readonly type: "storeOpened"; readonly stored: Bitfield }
  /** Disk full and the like: the download cannot go on. */
  | { readonly type: "storeFailed"; readonly code: ErrorCode; readonly message: string }
  /** The peer granted a slot (initial metadata came). Its progress is measured from here. */
  | { readonly type: "streamGranted"; readonly stream: StreamRef }
  /** A chunk is in hand. The answer contains `keepChunk` if it is wanted. */
  | { readonly type: "chunkReceived"; readonly stream: StreamRef; readonly piece: number; readonly offset: number; readonly bytes: number }
  /** All chunks were read and the status was OK. */
  | { readonly type: "streamEnded"; readonly stream: StreamRef }
  | { readonly type: "streamFailed"; readonly stream: StreamRef; readonly code: ErrorCode; readonly retryAfterMs?: number | undefined }
  /** The copy hashes right. `blamed`: who contributed wrong bytes to earlier, rejected copies of this piece. */
  | { readonly type: "pieceVerified"; readonly piece: number; readonly copy: CopyRef; readonly blamed: readonly PeerRef[] }
  /** The copy hashes wrong; it is gone. */
  | { readonly type: "pieceRejected"; readonly piece: number; readonly copy: CopyRef }
  /** The piece lies in its place and is journalled: it may be served. */
  | { readonly type: "pieceStored"; readonly piece: number }
  /** `nextDeadlineMs` has come. */
  | { readonly type: "deadlineReached" }
  | { readonly type: "cancelled" };
