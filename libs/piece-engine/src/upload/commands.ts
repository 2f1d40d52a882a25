import type { ErrorCode } from "@piecewise/base";
import type { PieceRange } from "../download/events.js";
import type { RequestRef, WatcherRef } from "./events.js";

/** What a watcher is told about the load. */
export interface LoadFacts {
  readonly slotsTaken: number;
  readonly slotsMax: number;
  readonly queueLength: number;
}

/** What the upload brain wants done. */
export type UploadCommand =
  /** Send initial metadata; a `send` follows. A request that is not granted or refused at once waits. */
  | { readonly type: "grant"; readonly request: RequestRef }
  /** End the call with this code before it was granted. */
  | { readonly type: "refuse"; readonly request: RequestRef; readonly code: ErrorCode; readonly retryAfterMs?: number }
  /** Read and send the next chunk, at most so many bytes and never across the end of a piece → `chunkDrained` or `requestEnded`. */
  | { readonly type: "send"; readonly request: RequestRef; readonly bytesMax: number }
  /** End a granted call with this code. */
  | { readonly type: "stop"; readonly request: RequestRef; readonly code: ErrorCode; readonly retryAfterMs?: number }
  /** First message to a watcher. `offered` are wire bytes. */
  | { readonly type: "offerFirst"; readonly watcher: WatcherRef; readonly offered: Uint8Array; readonly load: LoadFacts }
  /** Later message; a heartbeat if it brings nothing. */
  | {
      readonly type: "offerNews";
      readonly watcher: WatcherRef;
      readonly added: readonly PieceRange[];
      readonly withdrawn: readonly PieceRange[];
      readonly load?: LoadFacts;
      readonly goingAway?: boolean;
    }
  | { readonly type: "refuseWatcher"; readonly watcher: WatcherRef; readonly code: ErrorCode; readonly retryAfterMs?: number }
  /** Watch what the caller there offers of this content → `callerWatched`, `callerOffers`…, at the end `callerLost`. */
  | { readonly type: "watchCaller"; readonly content: string; readonly address: string }
  /** Nothing more is to be heard of it. */
  | { readonly type: "unwatchCaller"; readonly content: string; readonly address: string }
  /** End the watch with this code. */
  | { readonly type: "stopWatcher"; readonly watcher: WatcherRef; readonly code: ErrorCode };
