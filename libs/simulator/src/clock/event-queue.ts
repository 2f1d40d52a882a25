const CAPACITY_FIRST = 1024;

/**
 * Virtual time, in whole microseconds, and what is to happen when. Of two things at one moment the one that was scheduled first happens
 * first, so that a run depends on nothing but its seed.
 */
export class EventQueue {
  /** It moves only when something happens. */
  nowUs = 0;
  /** How many things have happened. */
  count = 0;
  // A binary heap by (time, order), in columns: comparing two entries touches no object.
  #times = new Float64Array(CAPACITY_FIRST);
  #orders = new Float64Array(CAPACITY_FIRST);
  readonly #actions: (() => void)[] = [];
  #size = 0;
  #order = 0;

  get nowMs(): number {
    return this.nowUs / 1000;
  }

  /** When something happens next; Infinity if nothing is to. */
  get nextUs(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!;
  }

  /** Schedules an action; a time that has passed counts as now. */
  at(timeUs: number, action: () => void): void {
    if (this.#size === this.#times.length) this.#grow();
    this.#order += 1;
    this.#siftUp(this.#size, timeUs < this.nowUs ? this.nowUs : timeUs, this.#order, action);
    this.#size += 1;
  }

  after(delayUs: number, action: () => void): void {
    this.at(this.nowUs + delayUs, action);
  }

  /** Lets the next thing happen; false if there is none. */
  runNext(): boolean {
    if (this.#size === 0) return false;
    this.nowUs = this.#times[0]!;
    this.count += 1;
    const action = this.#actions[0]!;
    this.#size -= 1;
    const last = this.#actions.pop()!;
    if (this.#size > 0) this.#siftDown(this.#times[this.#size]!, this.#orders[this.#size]!, last);
    action();
    return true;
  }

  #siftUp(from: number, time: number, order: number, action: () => void): void {
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      // What comes later has the greater order, so that equal times are in place already.
      if (this.#times[parent]! <= time) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#put(i, time, order, action);
  }

  #siftDown(time: number, order: number, action: () => void): void {
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#isBefore(child + 1, this.#times[child]!, this.#orders[child]!)) child += 1;
      if (!this.#isBefore(child, time, order)) break;
      this.#move(child, i);
      i = child;
    }
    this.#put(i, time, order, action);
  }

  #isBefore(i: number, time: number, order: number): boolean {
    const own = this.#times[i]!;
    return own < time || (own === time && this.#orders[i]! < order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#orders[from]!, this.#actions[from]!);
  }

  #put(i: number, time: number, order: number, action: () => void): void {
    this.#times[i] = time;
    this.#orders[i] = order;
    this.#actions[i] = action;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const orders = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    orders.set(this.#orders);
    this.#times = times;
    this.#orders = orders;
  }
}
