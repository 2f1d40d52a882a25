import { assert } from "@piecewise/base";

/** Something that is due at a time. Only the heap writes these fields. */
export interface Scheduled {
  deadlineMs: number;
  /** Its place in the heap, -1 when it is not in one. */
  heapIndex: number;
}

/** Items by deadline, the earliest first. Every change costs O(log n), for each item knows its place. */
export class DeadlineHeap<Item extends Scheduled> {
  readonly #items: Item[] = [];

  /** Infinity when there is none. */
  get nextDeadlineMs(): number {
    return this.#items[0]?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  /** Adds an item, or moves it to another deadline. */
  schedule(item: Item, deadlineMs: number): void {
    item.deadlineMs = deadlineMs;
    if (item.heapIndex < 0) {
      item.heapIndex = this.#items.length;
      this.#items.push(item);
    }
    this.#settle(item);
  }

  delete(item: Item): void {
    assert(this.#items[item.heapIndex] === item, "an item of this heap");
    const last = this.#items.pop()!;
    if (last !== item) {
      last.heapIndex = item.heapIndex;
      this.#items[last.heapIndex] = last;
      this.#settle(last);
    }
    item.heapIndex = -1;
  }

  /** Takes out the earliest item if it is due. */
  popDue(nowMs: number): Item | undefined {
    const first = this.#items[0];
    if (first === undefined || first.deadlineMs > nowMs) return undefined;
    this.delete(first);
    return first;
  }

  #settle(item: Item): void {
    for (let above = this.#above(item); above !== undefined && item.deadlineMs < above.deadlineMs; above = this.#above(item)) {
      this.#swap(above, item);
    }
    for (
      let below = this.#earlierBelow(item);
      below !== undefined && below.deadlineMs < item.deadlineMs;
      below = this.#earlierBelow(item)
    ) {
      this.#swap(item, below);
    }
  }

  #above(item: Item): Item | undefined {
    return item.heapIndex === 0 ? undefined : this.#items[(item.heapIndex - 1) >> 1];
  }

  #earlierBelow(item: Item): Item | undefined {
    const left = this.#items[2 * item.heapIndex + 1];
    const right = this.#items[2 * item.heapIndex + 2];
    return left !== undefined && right !== undefined && right.deadlineMs < left.deadlineMs ? right : left;
  }

  #swap(one: Item, other: Item): void {
    [one.heapIndex, other.heapIndex] = [other.heapIndex, one.heapIndex];
    this.#items[one.heapIndex] = one;
    this.#items[other.heapIndex] = other;
  }
}
