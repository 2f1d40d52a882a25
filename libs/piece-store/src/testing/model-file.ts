import type { Prng } from "@piecewise/base";

/** What systems write at a time … */
const BLOCK_BYTES = 4096;
/** … and disks. */
const SECTOR_BYTES = 512;
const MODE_DEFAULT = 0o644;

/** A block as it was at some time; missing bytes are zeros. */
type Block = Buffer;

/** A file, and what of it would be there after the power was cut. */
export class ModelFile {
  #content: Buffer = Buffer.alloc(0);
  #mode = MODE_DEFAULT;
  #safeMode = MODE_DEFAULT;
  /** How long the file was since it was synced, the last length last. */
  #lengths: number[] = [0];
  /** How far there is anything on the disk. */
  #safeBytes = 0;
  /** What each block was since it was synced, the first time included; those that were not changed are missing. */
  #blocks = new Map<number, Block[]>();

  get content(): Buffer {
    return this.#content;
  }

  get bytes(): number {
    return this.#content.length;
  }

  get mode(): number {
    return this.#mode;
  }

  write(offset: number, data: Buffer): void {
    const end = offset + data.length;
    this.#changeBlocks(offset, end, () => {
      if (end > this.bytes) this.#content = Buffer.concat([this.#content], end);
      data.copy(this.#content, offset);
    });
  }

  truncate(bytes: number): void {
    this.#changeBlocks(Math.min(bytes, this.bytes), Math.max(bytes, this.bytes), () => {
      this.#content = Buffer.concat([this.#content], bytes);
    });
  }

  chmod(mode: number): void {
    this.#mode = mode;
  }

  /** Brings all of it to the disk, the mode only if it is said so. */
  sync(withMode: boolean): void {
    this.#blocks.clear();
    this.#lengths = [this.bytes];
    this.#safeBytes = this.bytes;
    if (withMode) this.#safeMode = this.#mode;
  }

  /** @param luck 0: nothing more was written, 1: all was, 2: some of it. */
  losePower(prng: Prng, luck: number): void {
    const last = this.#lengths.length - 1;
    const length = this.#lengths[luck === 0 ? 0 : luck === 1 ? last : prng.below(last + 1)]!;
    const content = Buffer.concat([this.#content], length);
    for (const [index, versions] of this.#blocks) {
      const start = index * BLOCK_BYTES;
      if (start >= length) continue;
      const found = luck === 0 ? versions[0]! : luck === 1 ? versions.at(-1)! : this.#anyOf(versions, start, prng);
      content.fill(0, start, Math.min(start + BLOCK_BYTES, length));
      found.copy(content, start);
    }
    this.#content = content;
    if (prng.below(2) === 0) this.#mode = this.#safeMode;
    this.sync(true);
  }

  #anyOf(versions: readonly Block[], start: number, prng: Prng): Block {
    const any = (): Block => versions[prng.below(versions.length)]!;
    switch (prng.below(8)) {
      case 0: {
        // Torn: a part of one, the rest of another.
        const at = prng.below(BLOCK_BYTES / SECTOR_BYTES) * SECTOR_BYTES;
        return Buffer.concat([padded(any()).subarray(0, at), padded(any()).subarray(at)]);
      }
      case 1:
        // Where nothing lay there may be anything: zeros, or what was there before the file was.
        if (start < this.#safeBytes) return any();
        return prng.below(2) === 0 ? Buffer.alloc(0) : Buffer.alloc(BLOCK_BYTES, prng.below(256));
      default:
        return any();
    }
  }

  #changeBlocks(start: number, end: number, change: () => void): void {
    const indices = [];
    for (let index = Math.floor(start / BLOCK_BYTES); index * BLOCK_BYTES < end; index += 1) indices.push(index);
    for (const index of indices) if (!this.#blocks.has(index)) this.#blocks.set(index, [this.#block(index)]);
    change();
    for (const index of indices) this.#blocks.get(index)!.push(this.#block(index));
    if (this.#lengths.at(-1) !== this.bytes) this.#lengths.push(this.bytes);
  }

  #block(index: number): Block {
    return Buffer.from(this.#content.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES));
  }
}

const padded = (block: Block): Buffer => Buffer.concat([block], BLOCK_BYTES);
