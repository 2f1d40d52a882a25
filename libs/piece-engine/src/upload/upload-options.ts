import { assert, KIB, MIB } from "@piecewise/base";

/** Slots for transfers: a fast downloader alone gets all that it asks for, and six at once get two or three each. */
export const UPLOAD_SLOTS_MAX = 16;
/** Slots that callers which named themselves never take, so that plain clients always get some. */
export const UPLOAD_ANONYMOUS_SLOTS = 2;
/** Slots that one caller may hold, even when nobody else asks. */
export const UPLOAD_CALLER_SLOTS_MAX = 8;
/** Requests that wait for a slot, of all callers together; one caller has at most one. */
export const UPLOAD_QUEUE_MAX = 256;
/** Watchers of all contents together. */
export const UPLOAD_WATCHERS_MAX = 1024;
/** Watchers of one caller, over all contents. */
export const UPLOAD_CALLER_WATCHERS_MAX = 128;
/** Of the requests that wait, those from one network: fresh peer ids cost nothing. */
export const UPLOAD_NETWORK_QUEUE_MAX = 64;
/** Of the watchers, those from one network. */
export const UPLOAD_NETWORK_WATCHERS_MAX = 256;
/** Contents that one process serves. */
export const UPLOAD_CONTENTS_MAX = 10_000;
/** The largest chunk, and what the contract allows. Slow callers get smaller ones. */
export const UPLOAD_CHUNK_BYTES_MAX = MIB;
/** Under a low rate limit chunks shrink so that the flow stays smooth, but not below this. */
export const UPLOAD_CHUNK_BYTES_MIN = 16 * KIB;

/** What may be set; everything has a default. */
export interface UploadEngineOptions {
  readonly slotsMax?: number | undefined;
  /** Of `slotsMax`, guaranteed to callers that did not name themselves. */
  readonly anonymousSlots?: number | undefined;
  readonly callerSlotsMax?: number | undefined;
  readonly queueMax?: number | undefined;
  readonly watchersMax?: number | undefined;
  readonly callerWatchersMax?: number | undefined;
  readonly networkQueueMax?: number | undefined;
  readonly networkWatchersMax?: number | undefined;
  /** Upper bound of one `send`, at most 1 MiB. */
  readonly chunkBytes?: number | undefined;
  /** Upload limit of the process; undefined for none. */
  readonly bytesPerSecond?: number | undefined;
  /** Any number: where among the pieces a seed begins to deal. Seeds that begin at the same piece deal the same. Default: 0. */
  readonly firstDealt?: number | undefined;
}

/** The options with every default filled in. */
export interface UploadLimits {
  readonly slotsMax: number;
  readonly anonymousSlots: number;
  readonly callerSlotsMax: number;
  readonly queueMax: number;
  readonly watchersMax: number;
  readonly callerWatchersMax: number;
  readonly networkQueueMax: number;
  readonly networkWatchersMax: number;
  /** Already shrunk to what the rate limit asks for. */
  readonly chunkBytes: number;
  readonly bytesPerSecond: number | undefined;
  readonly firstDealt: number;
}

/** Fills in the defaults. Values that make no sense are a bug of the caller. */
export function resolveUploadOptions(options: UploadEngineOptions): UploadLimits {
  const { bytesPerSecond, chunkBytes = UPLOAD_CHUNK_BYTES_MAX } = options;
  const limits: UploadLimits = {
    slotsMax: options.slotsMax ?? UPLOAD_SLOTS_MAX,
    anonymousSlots: options.anonymousSlots ?? UPLOAD_ANONYMOUS_SLOTS,
    callerSlotsMax: options.callerSlotsMax ?? UPLOAD_CALLER_SLOTS_MAX,
    queueMax: options.queueMax ?? UPLOAD_QUEUE_MAX,
    watchersMax: options.watchersMax ?? UPLOAD_WATCHERS_MAX,
    callerWatchersMax: options.callerWatchersMax ?? UPLOAD_CALLER_WATCHERS_MAX,
    networkQueueMax: options.networkQueueMax ?? UPLOAD_NETWORK_QUEUE_MAX,
    networkWatchersMax: options.networkWatchersMax ?? UPLOAD_NETWORK_WATCHERS_MAX,
    chunkBytes: smoothChunkBytes(chunkBytes, bytesPerSecond),
    bytesPerSecond,
    firstDealt: options.firstDealt ?? 0,
  };
  assert(chunkBytes > 0 && chunkBytes <= UPLOAD_CHUNK_BYTES_MAX, `a chunk of ${chunkBytes} bytes`);
  assert(limits.anonymousSlots >= 0 && limits.anonymousSlots < limits.slotsMax, "slots for peers and, if any, for plain clients");
  assert(limits.callerSlotsMax > 0, "every caller may hold a slot");
  return limits;
}

// A tenth of a second's worth, so that several streams take turns quickly.
function smoothChunkBytes(chunkBytes: number, bytesPerSecond: number | undefined): number {
  if (bytesPerSecond === undefined) return chunkBytes;
  return Math.min(chunkBytes, Math.max(UPLOAD_CHUNK_BYTES_MIN, Math.floor(bytesPerSecond / 10)));
}
