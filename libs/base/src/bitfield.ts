import { assert } from "./assert.js";

/** A fixed number of bits. Bit i is in byte i / 8, the highest bit first, as on the wire; spare bits are 0. */
export class Bitfield {
  readonly length: number;
  readonly #bytes: Uint8Array;
  #count: number;

  private constructor(length: number, bytes: Uint8Array, count: number) {
    this.length = length;
    this.#bytes = bytes;
    this.#count = count;
  }

  /** `length` bits, all `value`. */
  static create(length: number, value = false): Bitfield {
    const bytes = new Uint8Array(Math.ceil(length / 8)).fill(value ? 0xff : 0);
    if (value && length % 8 !== 0) bytes[bytes.length - 1] = (0xff << (8 - (length % 8))) & 0xff;
    return new Bitfield(length, bytes, value ? length : 0);
  }

  /** Reads wire bytes; undefined if the length is wrong or a spare bit is set. The bytes are copied. */
  static fromBytes(length: number, bytes: Uint8Array): Bitfield | undefined {
    if (bytes.length !== Math.ceil(length / 8)) return undefined;
    if (length % 8 !== 0 && (bytes[bytes.length - 1]! & (0xff >> length % 8)) !== 0) return undefined;
    let count = 0;
    for (let byte of bytes) for (; byte !== 0; byte &= byte - 1) count += 1;
    return new Bitfield(length, bytes.slice(), count);
  }

  /** How many bits are set. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.length;
  }

  has(index: number): boolean {
    return index >= 0 && index < this.length && (this.#bytes[index >> 3]! & (0x80 >> (index & 7))) !== 0;
  }

  /** Sets one bit; returns whether that changed it. */
  add(index: number): boolean {
    assert(index >= 0 && index < this.length, `bit ${index} of ${this.length}`);
    if (this.has(index)) return false;
    this.#bytes[index >> 3]! |= 0x80 >> (index & 7);
    this.#count += 1;
    return true;
  }

  /** Clears one bit; returns whether that changed it. */
  delete(index: number): boolean {
    if (!this.has(index)) return false;
    this.#bytes[index >> 3]! &= ~(0x80 >> (index & 7));
    this.#count -= 1;
    return true;
  }

  /** The indices of the set bits, ascending. */
  *indices(): IterableIterator<number> {
    for (let i = 0; i < this.length; i += 1) if (this.has(i)) yield i;
  }

  clone(): Bitfield {
    return new Bitfield(this.length, this.#bytes.slice(), this.#count);
  }

  /** A copy of the bits as they go over the wire. */
  toBytes(): Uint8Array {
    return this.#bytes.slice();
  }
}
