import { assert } from "@piecewise/base";

/** Counts how often each of some whole numbers occurs. */
export class Tally {
  readonly #counts = new Map<number, number>();

  /** Returns whether it is the first of its kind. */
  add(key: number): boolean {
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    return count === 0;
  }

  /** Returns whether it was the last of its kind. */
  remove(key: number): boolean {
    const count = this.#counts.get(key);
    assert(count !== undefined, "only what was added is removed");
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
    return count === 1;
  }

  keys(): Iterable<number> {
    return this.#counts.keys();
  }

  /** The most frequent ones, at most `limit`; among equals the one that has been there longest comes first. */
  top(limit: number): number[] {
    const best: { key: number; count: number }[] = [];
    for (const [key, count] of this.#counts) {
      let place = best.length;
      while (place > 0 && best[place - 1]!.count < count) place -= 1;
      if (place === limit) continue;
      best.splice(place, 0, { key, count });
      if (best.length > limit) best.pop();
    }
    return best.map(({ key }) => key);
  }
}
