import type { RequestRef } from "./events.js";

/** A caller that holds a slot or waits for one. */
export interface Caller {
  readonly key: string;
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
  readonly piece: number;
  readonly pieceCount: number;
  /** How much it asks for. */
  readonly bytes: number;
  /** undefined while it waits. */
  grantedAtMs: number | undefined;
  /** Bytes that the transport took. */
  drainedBytes: number;
  /** The first piece that has not left to its last byte. */
  nextPiece: number;
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

/** Whether the request covers a piece. */
export const covers = (request: UploadRequest, piece: number): boolean =>
  piece >= request.piece && piece < request.piece + request.pieceCount;

/**
 * Whether a piece of the run may not have been sent to its end. The piece length is not known here, only that all pieces of a run have
 * the same one and the last is not longer: the longest possible one errs towards "yes".
 */
export function isStillToSend(request: UploadRequest, piece: number): boolean {
  if (!covers(request, piece)) return false;
  const { bytes, pieceCount } = request;
  const pieceBytesMax = pieceCount === 1 ? bytes : Math.floor((bytes - 1) / (pieceCount - 1));
  return request.drainedBytes < Math.min(bytes, (piece - request.piece + 1) * pieceBytesMax);
}
