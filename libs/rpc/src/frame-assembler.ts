import { allocateFrame } from "./frame-pool.js";

/** Length of what gRPC puts in front of each message: a flag and the length as a uint32. */
export const FRAME_PREFIX_BYTES = 5;

/**
 * Puts the messages of one stream together as their parts come: each part, at most 16 KiB, is copied to its place while it is still in the
 * processor's cache. The first part of a message reserves memory for all of it, so the number of streams must be bounded.
 */
export class FrameAssembler {
  readonly #messageBytesMax: number;
  readonly #prefix = Buffer.alloc(FRAME_PREFIX_BYTES);
  #prefixBytes = 0;
  #frame: Buffer | undefined;
  #frameBytes = 0;

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax;
  }

  /** @returns the messages that `part` completes, each with its prefix. Throws on one that is too large. */
  write(part: Buffer): Buffer[] {
    const frames: Buffer[] = [];
    for (let at = 0; at < part.length; ) {
      at += this.#frame === undefined ? this.#appendToPrefix(part, at) : this.#append(this.#frame, part, at);
      if (this.#frame === undefined || this.#frameBytes < this.#frame.length) continue;
      frames.push(this.#frame);
      this.#frame = undefined;
      this.#prefixBytes = 0;
    }
    return frames;
  }

  #appendToPrefix(part: Buffer, at: number): number {
    const bytes = part.copy(this.#prefix, this.#prefixBytes, at);
    this.#prefixBytes += bytes;
    if (this.#prefixBytes === FRAME_PREFIX_BYTES) {
      const messageBytes = this.#prefix.readUInt32BE(1);
      if (messageBytes > this.#messageBytesMax) throw new Error("a message that is too large");
      this.#frame = allocateFrame(FRAME_PREFIX_BYTES + messageBytes);
      this.#frameBytes = this.#prefix.copy(this.#frame);
    }
    return bytes;
  }

  #append(frame: Buffer, part: Buffer, at: number): number {
    const bytes = part.copy(frame, this.#frameBytes, at);
    this.#frameBytes += bytes;
    return bytes;
  }
}
