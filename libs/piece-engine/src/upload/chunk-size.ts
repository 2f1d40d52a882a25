import { KIB } from "@piecewise/base";

/** What a caller gets in its first chunk: small enough for a slow one to show progress, large enough for a fast one. */
const FIRST_CHUNK_BYTES = 256 * KIB;
const CHUNK_BYTES_MIN = 64 * KIB;
/** A chunk that is gone sooner than this may be larger, for each costs both sides as much as many bytes … */
const QUICK_MS = 50;
/** … and one that takes longer should be smaller: whoever waits for it sees nothing until it is there whole. */
const SLOW_MS = 400;

/** How large the first chunk for a caller is. `chunkBytesMax`: the largest for anybody. */
export const firstChunkBytes = (chunkBytesMax: number): number => Math.min(FIRST_CHUNK_BYTES, chunkBytesMax);

/** How large the next chunk is, if one of `chunkBytes` needed `drainMs` to be taken by the transport. */
export function nextChunkBytes(chunkBytes: number, drainMs: number, chunkBytesMax: number): number {
  // Chunks that a rate limit keeps small are as they should be.
  if (chunkBytesMax <= FIRST_CHUNK_BYTES) return chunkBytes;
  if (drainMs < QUICK_MS) return Math.min(chunkBytes * 2, chunkBytesMax);
  if (drainMs > SLOW_MS) return Math.max(chunkBytes / 2, CHUNK_BYTES_MIN);
  return chunkBytes;
}
