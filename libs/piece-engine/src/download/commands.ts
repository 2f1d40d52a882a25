import type { ErrorCode } from "@piecewise/base";
import type { CopyRef, Geometry, PeerRef, PieceRange, StreamRef } from "./events.js";

/** What the download brain wants done, as imperatives. The shell runs them in order and reports what came of them as events. */
export type DownloadCommand =
  /** Ask all trackers for peers → `peersFound` or `peersNotFound`. */
  | { readonly type: "lookupPeers" }
  /** Ask this peer for others → `peersFound` or `peersNotFound`. */
  | { readonly type: "exchangePeers"; readonly peer: PeerRef }
  /**
   * Dial and watch its pieces → `peerConnected`, later `peerOffers` and the like, at the end `peerDisconnected`. Every `connectPeer` is
   * followed by exactly one `dropPeer` or `banPeer` of the same peer, also after `peerDisconnected`; then it may be dialled again.
   */
  | { readonly type: "connectPeer"; readonly peer: PeerRef; readonly address: string }
  /** Close the connection and forget the peer; its streams were cancelled before. Nothing more is reported about it. */
  | { readonly type: "dropPeer"; readonly peer: PeerRef }
  /**
   * It lied: drop it, and neither dial its address nor pass it on for as long as the process lives. It may have been dropped before: guilt
   * can come to light late.
   */
  | { readonly type: "banPeer"; readonly peer: PeerRef; readonly address: string }
  /** → `manifestReceived` or `manifestFailed`. */
  | { readonly type: "fetchManifest"; readonly peer: PeerRef }
  /** → `storeOpened` or `storeFailed`. */
  | { readonly type: "openStore"; readonly geometry: Geometry }
  /**
   * GetPiece → `streamGranted`, `chunkReceived`…, `streamEnded` or `streamFailed`. One piece may be asked for in part
   * (`offset`, `length` > 0); several are asked for whole (both 0), run after run.
   */
  | {
      readonly type: "openStream";
      readonly stream: StreamRef;
      readonly peer: PeerRef;
      readonly runs: readonly PieceRange[];
      readonly offset: number;
      readonly length: number;
    }
  /** Nothing more is reported about the stream. */
  | { readonly type: "cancelStream"; readonly stream: StreamRef }
  /** Append the chunk in hand to this copy; `peer` is remembered as the source of those bytes. Only in answer to `chunkReceived`. */
  | { readonly type: "keepChunk"; readonly piece: number; readonly copy: CopyRef; readonly peer: PeerRef }
  /** All bytes of the copy were kept → `pieceVerified` or `pieceRejected`. */
  | { readonly type: "verifyPiece"; readonly piece: number; readonly copy: CopyRef }
  /** Put the verified copy in its place and journal it → `pieceStored`. */
  | { readonly type: "storePiece"; readonly piece: number; readonly copy: CopyRef }
  /** The copy is not wanted any more. */
  | { readonly type: "discardCopy"; readonly piece: number; readonly copy: CopyRef }
  /** So many bytes that the peer there sent turned out to be right. */
  | { readonly type: "creditPeer"; readonly address: string; readonly bytes: number }
  /** Tell the peer that its piece was bad, so that it can look at its disk. */
  | { readonly type: "reportBadPiece"; readonly peer: PeerRef; readonly piece: number }
  /** Every piece is stored. Nothing follows. */
  | { readonly type: "finish" }
  /** The download is over without success; what was verified is kept. Nothing follows. */
  | { readonly type: "fail"; readonly code: ErrorCode; readonly message: string };
