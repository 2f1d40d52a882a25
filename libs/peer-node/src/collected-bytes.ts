const BYTES_FIRST = 65_536;

/** Bytes that come in parts, kept in one piece of memory: many parts of a byte each take no more room than a few large ones. */
export class CollectedBytes {
  #memory = Buffer.allocUnsafeSlow(BYTES_FIRST);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#memory.length));
      larger.set(this.#memory.subarray(0, this.#length));
      this.#memory = larger;
    }
    this.#memory.set(part, this.#length);
    this.#length = length;
  }

  /** What came so far: a copy of its own size. */
  toBytes(): Uint8Array {
    return new Uint8Array(this.#memory.subarray(0, this.#length));
  }
}
