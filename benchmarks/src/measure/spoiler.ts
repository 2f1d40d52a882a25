const HEADER_BYTES = 9;
const TYPE_OFFSET = 3;
const DATA = 0;
/** So much of a connection stays right: the description of the content, if that comes this way. No piece is shorter. */
const RIGHT_BYTES = 65_536;
/** Data frames from here on hold bytes of a piece at their end, and nothing else. */
const FRAME_BYTES_MIN = 4_096;

/** Changes the last byte of every larger data frame in what a server of HTTP/2 sends on one connection; frames stay well-formed. */
export class Spoiler {
  #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  /** Of the frame, still to come. */
  #bodyBytes = 0;
  #isSpoilt = false;
  #dataBytes = 0;

  /** Changes `bytes`, which follow those of the last call. */
  spoil(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      at += this.#bodyBytes > 0 ? this.#passBody(bytes.subarray(at)) : this.#passHeader(bytes.subarray(at));
    }
  }

  #passHeader(bytes: Uint8Array): number {
    const count = Math.min(HEADER_BYTES - this.#headerBytes, bytes.length);
    this.#header.set(bytes.subarray(0, count), this.#headerBytes);
    this.#headerBytes += count;
    if (this.#headerBytes < HEADER_BYTES) return count;
    this.#headerBytes = 0;
    this.#bodyBytes = this.#header.readUIntBE(0, TYPE_OFFSET);
    const isData = this.#header[TYPE_OFFSET] === DATA;
    this.#isSpoilt = isData && this.#bodyBytes >= FRAME_BYTES_MIN && this.#dataBytes >= RIGHT_BYTES;
    if (isData) this.#dataBytes += this.#bodyBytes;
    return count;
  }

  #passBody(bytes: Uint8Array): number {
    const count = Math.min(this.#bodyBytes, bytes.length);
    this.#bodyBytes -= count;
    if (this.#bodyBytes === 0 && this.#isSpoilt) bytes[count - 1] = bytes[count - 1]! ^ 0xff;
    return count;
  }
}
