import type { PieceRange } from "../download/events.js";
import { countPieces, type PieceCursor } from "../piece-runs.js";
import type { RequestRef } from "./events.js";

/** What the callers of one network hold together. */
export interface NetworkShare {
  /** undefined for a caller that shares its network with nobody who counts. */
  readonly key: string | undefined;
  callers: number;
  slotsTaken: number;
  waiting: number;
}

/** A caller that holds a slot or waits for one. */
export interface Caller {
  readonly key: string;
  /** `host:port` where it can be called. */
  readonly address: string | undefined;
  readonly network: NetworkShare;
  slotsTaken: number;
  /** At most one of its requests waits. */
  waits: boolean;
  /** Grows with every grant to anybody: the smallest was served least recently. A newcomer counts as served when it came. */
  servedOrder: number;
  /** How large its next chunk may be. */
  chunkBytes: number;
  /** Bytes it was allowed to send, on the scale by which callers are kept equal under a rate limit. */
  fairBytes: number;
}

/** One GetPiece call, waiting or granted. */
export interface UploadRequest {
  readonly ref: RequestRef;
  readonly caller: Caller;
  readonly isPeer: boolean;
  readonly content: string;
  readonly runs: readonly PieceRange[];
  /** How much it asks for. */
  readonly bytes: number;
  /** undefined while it waits. */
  grantedAtMs: number | undefined;
  /** Bytes that the transport took. */
  drainedBytes: number;
  /** Stands at the first piece that has not left to its last byte, with so many before it. */
  readonly sending: PieceCursor;
  sentPieces: number;
  /** What the sends that are not drained yet allow, oldest first. */
  readonly sends: { readonly bytes: number; readonly atMs: number }[];
  /** Sum of the bytes of `sends`. */
  aheadBytes: number;
  /** When the transport last took one. */
  drainedAtMs: number;
  /** The smallest was allowed to send least recently. */
  sentOrder: number;
  /** How long, and how much meanwhile, its draining was measured while others wanted its slot. */
  measuredMs: number;
  measuredBytes: number;
  /** Since when it is being measured; undefined if it is not. */
  measuredSinceMs: number | undefined;
}

/** Bytes for which no `send` went out yet. */
export const unsentBytes = (request: UploadRequest): number => request.bytes - request.drainedBytes - request.aheadBytes;

/** Whether the request is for a piece. */
export const covers = ({ runs }: UploadRequest, piece: number): boolean =>
  runs.some(({ first, count }) => piece >= first && piece < first + count);

/** Whether a piece that the request covers may not have been sent to its end. */
export function isStillToSend(request: UploadRequest, piece: number): boolean {
  for (const left of request.sending.rest()) if (left === piece) return true;
  return false;
}

/**
 * Moves `sending` past a piece that was sent to its end, and returns that piece; undefined if there is none. The piece length is not known
 * here, only that all pieces have the same one and the last of a content is not longer: the longest possible one errs towards "not yet".
 */
export function takeSentPiece(request: UploadRequest): number | undefined {
  const { runs, bytes, sending, sentPieces, drainedBytes } = request;
  const { piece } = sending;
  if (piece < 0) return undefined;
  const pieceCount = countPieces(runs);
  const pieceBytesMax = pieceCount === 1 ? bytes : Math.floor((bytes - 1) / (pieceCount - 1));
  if (drainedBytes < Math.min(bytes, (sentPieces + 1) * pieceBytesMax)) return undefined;
  sending.next();
  request.sentPieces += 1;
  return piece;
}
