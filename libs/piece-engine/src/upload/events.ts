import type { Bitfield } from "@piecewise/base";
import type { PieceRange } from "../download/events.js";

/** A GetPiece call as the shell numbers it. */
export type RequestRef = number;
/** A WatchPieces call as the shell numbers it. */
export type WatcherRef = number;

/** Who calls. `key` is the same for all calls of one caller: its observed host, with its peer id if it said one. */
export interface CallerFacts {
  readonly key: string;
  /** Whether it named itself: plain clients such as grpcurl do not, and get a small guaranteed share of the slots. */
  readonly isPeer: boolean;
  /** `host:port` where it says that it can be called. */
  readonly address: string | undefined;
  /** What belongs to one customer of a network, whatever ids are claimed there; undefined where that is no reason for limits, as on this machine. */
  readonly network: string | undefined;
}

/** Facts that the upload brain is told. One brain serves all contents of a process. */
export type UploadEvent =
  | { readonly type: "contentAdded"; readonly content: string; readonly held: Bitfield }
  | { readonly type: "contentRemoved"; readonly content: string }
  /** The piece was stored and may be offered. */
  | { readonly type: "pieceStored"; readonly content: string; readonly piece: number }
  /** The piece was found damaged and may not be served. */
  | { readonly type: "pieceLost"; readonly content: string; readonly piece: number }
  /** A well-formed GetPiece arrived; `bytes` is how much it asks for. */
  | {
      readonly type: "requestArrived";
      readonly request: RequestRef;
      readonly caller: CallerFacts;
      readonly content: string;
      readonly runs: readonly PieceRange[];
      readonly bytes: number;
    }
  /** The transport took the bytes that a `send` allowed and has room for more. */
  | { readonly type: "chunkDrained"; readonly request: RequestRef; readonly bytes: number }
  /** The call is over, for whatever reason. */
  | { readonly type: "requestEnded"; readonly request: RequestRef }
  | { readonly type: "watcherJoined"; readonly watcher: WatcherRef; readonly caller: CallerFacts; readonly content: string }
  | { readonly type: "watcherLeft"; readonly watcher: WatcherRef }
  /** The transport has enough: nothing more is said to this watcher until it drained. News is put together meanwhile. */
  | { readonly type: "watcherBlocked"; readonly watcher: WatcherRef }
  | { readonly type: "watcherDrained"; readonly watcher: WatcherRef }
  /** A caller that is watched answered; `offered` is the bitmap as it came. */
  | { readonly type: "callerWatched"; readonly content: string; readonly address: string; readonly offered: Uint8Array }
  | { readonly type: "callerOffers"; readonly content: string; readonly address: string; readonly added: readonly PieceRange[] }
  /** It cannot be watched, or not any more: the watch is over. */
  | { readonly type: "callerLost"; readonly content: string; readonly address: string }
  /** Bytes that came from the peer there, whatever the content, turned out to be right. */
  | { readonly type: "peerGave"; readonly address: string; readonly bytes: number }
  /** The process is about to stop: tell the watchers, finish what is in flight, refuse the rest. */
  | { readonly type: "drainStarted" }
  | { readonly type: "deadlineReached" };
