/** Size of the buffers that are used again: a chunk of the usual size with what stands in front of it. */
export const POOLED_FRAME_BYTES = 512 * 1024 + 64;
/** Buffers that wait to be used again; more are left to the garbage collector. */
export const POOLED_FRAMES_MAX = 64;
/** Below this a buffer is not worth its slack, which must not outweigh it either. */
const SLACK_BYTES_MAX = 4 * 1024;

const free: ArrayBuffer[] = [];

/**
 * Memory for a frame of so many bytes, with whatever was in it. Fresh memory for each chunk costs page faults on either side and full
 * collections, because V8 sees it grow; whoever is done with a buffer gives it back with `releaseFrame`, but need not.
 */
export function allocateFrame(bytes: number): Buffer<ArrayBuffer> {
  const isPooled = bytes <= POOLED_FRAME_BYTES && bytes > POOLED_FRAME_BYTES - SLACK_BYTES_MAX;
  if (!isPooled) return Buffer.allocUnsafeSlow(bytes);
  const buffer = free.pop() ?? Buffer.allocUnsafeSlow(POOLED_FRAME_BYTES).buffer;
  return Buffer.from(buffer, 0, bytes);
}

/** Takes back the memory of a frame. Nobody may hold a view of it any longer. Buffers of other sizes are ignored. */
export function releaseFrame(buffer: ArrayBuffer): void {
  if (buffer.byteLength === POOLED_FRAME_BYTES && free.length < POOLED_FRAMES_MAX) free.push(buffer);
}
