/** A source of random numbers that a test can seed. */
export interface Prng {
  /** A whole number in [0, 2^32). */
  nextUint32(): number;
  /** A whole number in [0, limit); `limit` from 1 to 2^32. */
  below(limit: number): number;
  /** Puts the items into random order, in place, and returns them. */
  shuffle<T>(items: T[]): T[];
}

/**
 * Creates a generator whose sequence depends on the seed alone, on every platform. Not for secrets.
 * Source: the mulberry32 generator (32 bits of state, integer operations only).
 */
export function createPrng(seed: number): Prng {
  let state = seed >>> 0;
  const nextUint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  // Multiplying maps the range more evenly than a remainder; both factors stay below 2^53.
  const below = (limit: number): number => Math.floor((nextUint32() / 0x1_0000_0000) * limit);
  return {
    nextUint32,
    below,
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i -= 1) {
        const j = below(i + 1);
        [items[i], items[j]] = [items[j]!, items[i]!];
      }
      return items;
    },
  };
}
