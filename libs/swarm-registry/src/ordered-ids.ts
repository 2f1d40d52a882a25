/**
 * Ids in order, for paging. Changes cost nothing until somebody reads: then new ones, which stand at the end, are sorted in. The sort
 * of the language finds the long ordered run and merges into it, so that a read after few changes costs about one pass.
 */
export class OrderedIds {
  #ids: string[] = [];
  readonly #gone = new Set<string>();
  #isSorted = true;

  add(id: string): void {
    if (this.#gone.delete(id)) return; // It still stands where it stood.
    this.#ids.push(id);
    this.#isSorted = false;
  }

  delete(id: string): void {
    this.#gone.add(id);
    // Without readers nobody would ever sweep.
    if (this.#gone.size * 2 > this.#ids.length) this.#sweep();
  }

  /** The ids from `first` on, ascending. */
  from(first: string): readonly string[] {
    if (this.#gone.size > 0) this.#sweep();
    if (!this.#isSorted) this.#ids.sort();
    this.#isSorted = true;
    return this.#ids.slice(this.#lowerBound(first));
  }

  #sweep(): void {
    this.#ids = this.#ids.filter((id) => !this.#gone.has(id));
    this.#gone.clear();
  }

  #lowerBound(first: string): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ids[middle]! < first) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
