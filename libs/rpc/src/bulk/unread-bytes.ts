const BYTES_FIRST = 65_536;
const NOTHING = Buffer.alloc(0);

/** Bytes that wait in the order in which they came, in one piece of memory however small the parts are. Whoever adds to them bounds them. */
export class UnreadBytes {
  #memory = NOTHING;
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  append(part: Buffer): void {
    if (this.#end + part.length > this.#memory.length) this.#moveTo(Math.max(BYTES_FIRST, 2 * (this.length + part.length)));
    this.#end += part.copy(this.#memory, this.#end);
  }

  /** The first bytes, at most so many: a view that is valid until the next call. */
  take(bytesMax: number): Buffer {
    const bytes = this.#memory.subarray(this.#start, Math.min(this.#end, this.#start + bytesMax));
    this.#start += bytes.length;
    if (this.#start === this.#end) this.clear();
    return bytes;
  }

  clear(): void {
    this.#memory = NOTHING;
    this.#start = 0;
    this.#end = 0;
  }

  #moveTo(capacity: number): void {
    const memory = Buffer.allocUnsafeSlow(capacity);
    this.#end = this.#memory.copy(memory, 0, this.#start, this.#end);
    this.#start = 0;
    this.#memory = memory;
  }
}
