import { KIB, MIB } from "@piecewise/base";

/** Buffers that wait to be used again, all together; more are left to the garbage collector. */
export const POOLED_FRAME_BYTES_MAX = 64 * MIB;

/** Room for what stands in front of a chunk, beyond the data, whose sizes are mostly powers of two. */
const HEADROOM_BYTES = 24;
const DATA_SIZES = [1024, 512, 256, 128, 64].map((kib) => kib * KIB);
/** A buffer may be so much larger than what is asked for: its memory goes from hand to hand, and is counted, whole. */
const SLACK_BYTES_MAX = 4 * KIB;

const free = new Map<number, ArrayBuffer[]>(DATA_SIZES.map((size) => [size + HEADROOM_BYTES, []]));
let freeBytes = 0;

/**
 * Memory for a frame of so many bytes, with whatever was in it. Fresh memory for each chunk costs page faults on either side and full
 * collections, because V8 sees it grow; whoever is done with a buffer gives it back with `releaseFrame`, but need not.
 */
export function allocateFrame(bytes: number): Buffer<ArrayBuffer> {
  for (const [size, buffers] of free) {
    if (bytes > size || bytes <= size - SLACK_BYTES_MAX) continue;
    const buffer = buffers.pop();
    if (buffer === undefined) return Buffer.from(Buffer.allocUnsafeSlow(size).buffer, 0, bytes);
    freeBytes -= size;
    return Buffer.from(buffer, 0, bytes);
  }
  return Buffer.allocUnsafeSlow(bytes);
}

/** Takes back the memory of a frame. Nobody may hold a view of it any longer. Buffers of other sizes are ignored. */
export function releaseFrame(buffer: ArrayBuffer): void {
  const size = buffer.byteLength;
  const buffers = free.get(size);
  if (buffers === undefined || freeBytes + size > POOLED_FRAME_BYTES_MAX) return;
  buffers.push(buffer);
  freeBytes += size;
}
