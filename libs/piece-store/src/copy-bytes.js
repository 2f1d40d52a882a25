import { closeSync, constants, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";

/** Copies that do not lie in their place are kept in memory up to so many bytes in the process; beyond, in a scratch file without a name. */
export const COPY_BYTES_IN_MEMORY_MAX = 64 * 1024 * 1024;
/** Files are read in blocks of so many bytes. */
export const READ_BLOCK_BYTES = 1024 * 1024;

const block = new Uint8Array(READ_BLOCK_BYTES);
let bytesInMemory = 0;

/**
 * Reads a part of a file in blocks. A block is valid until the next one is asked for. Ends early where the file ends.
 * @param {number} fd
 * @param {number} offset
 * @param {number} bytes
 * @returns {Generator<Uint8Array, void, undefined>}
 */
export function* readBlocks(fd, offset, bytes) {
  for (let done = 0; done < bytes; ) {
    const read = readSync(fd, block, 0, Math.min(bytes - done, block.byteLength), offset + done);
    if (read === 0) return;
    yield block.subarray(0, read);
    done += read;
  }
}

/**
 * Writes all of `data`, also if the system takes it in parts.
 * @param {number} fd
 * @param {Uint8Array} data
 * @param {number | "append"} offset in the file
 */
export function writeFully(fd, data, offset) {
  for (let done = 0; done < data.byteLength; ) {
    done += writeSync(fd, data, done, data.byteLength - done, offset === "append" ? null : offset + done);
  }
}

/** A file without a name in which every copy that memory has no room for gets a slot as long as a piece. */
export class ScratchFile {
  #path;
  #slotBytes;
  /** @type {number | undefined} */
  #fd;
  /** @type {Set<number>} */
  #taken = new Set();

  /**
   * @param {string} path
   * @param {number} slotBytes
   */
  constructor(path, slotBytes) {
    this.#path = path;
    this.#slotBytes = slotBytes;
  }

  get path() {
    return this.#path;
  }

  get fd() {
    if (this.#fd === undefined) {
      this.#fd = openSync(this.#path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
      // Without a name it cannot be left behind, however the process ends.
      unlinkSync(this.#path);
    }
    return this.#fd;
  }

  /** @returns {number} the offset of a free slot */
  takeSlot() {
    let slot = 0;
    while (this.#taken.has(slot)) slot += 1;
    this.#taken.add(slot);
    return slot * this.#slotBytes;
  }

  /** @param {number} offset */
  freeSlot(offset) {
    this.#taken.delete(offset / this.#slotBytes);
    if (this.#taken.size === 0 && this.#fd !== undefined) ftruncateSync(this.#fd);
  }

  close() {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** The bytes of a copy that does not lie in its place. */
export class CopyBytes {
  #scratch;
  /** @type {Uint8Array[]} */
  #chunks = [];
  #bytesInMemory = 0;
  #bytesInScratch = 0;
  /** @type {number | undefined} */
  #slotOffset;

  /** @param {ScratchFile} scratch */
  constructor(scratch) {
    this.#scratch = scratch;
  }

  /**
   * @param {Uint8Array} data
   * @returns {boolean} whether it is kept; it is not copied
   */
  append(data) {
    if (this.#slotOffset === undefined && bytesInMemory + data.byteLength <= COPY_BYTES_IN_MEMORY_MAX) {
      this.#chunks.push(data);
      this.#bytesInMemory += data.byteLength;
      bytesInMemory += data.byteLength;
      return true;
    }
    this.#slotOffset ??= this.#scratch.takeSlot();
    writeFully(this.#scratch.fd, data, this.#slotOffset + this.#bytesInScratch);
    this.#bytesInScratch += data.byteLength;
    return false;
  }

  /**
   * All bytes in order. A block is valid until the next one is asked for.
   * @returns {Generator<Uint8Array, void, undefined>}
   */
  *blocks() {
    yield* this.#chunks;
    if (this.#slotOffset !== undefined) yield* readBlocks(this.#scratch.fd, this.#slotOffset, this.#bytesInScratch);
  }

  /** Gives back memory and slot. */
  release() {
    bytesInMemory -= this.#bytesInMemory;
    this.#bytesInMemory = 0;
    this.#chunks = [];
    if (this.#slotOffset !== undefined) this.#scratch.freeSlot(this.#slotOffset);
    this.#slotOffset = undefined;
  }
}
