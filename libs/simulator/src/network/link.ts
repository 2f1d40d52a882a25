import type { EventQueue } from "../clock/event-queue.js";

/** Service is counted in thousandths of a byte, so that equal shares of small times are not rounded away. */
const MILLIBYTES = 1000;

/** What one connection has on a link: at most one chunk at a time. */
export interface Flow {
  /** The service of the link at which its chunk is through. */
  finish: number;
  order: number;
  /** Where it is in the heap of its link; -1 if it has nothing there. */
  position: number;
  /** The chunk is through. */
  served(): void;
}

/**
 * One direction of the line of one node. Its rate is shared equally among the flows that have something on it, at every moment, and
 * never exceeded. It counts how much service each flow would have got since the beginning; that one number grows with time, the more slowly
 * the more flows there are, and a chunk is through when it has grown by the chunk's length. So a flow that comes or goes costs O(log flows).
 */
export class Link {
  readonly #flows: Flow[] = [];
  #service = 0;
  #serviceAtUs = 0;
  #order = 0;
  #wakeUs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly queue: EventQueue,
    /** Whole bytes. */
    public bytesPerSecond: number,
  ) {}

  get flowCount(): number {
    return this.#flows.length;
  }

  begin(flow: Flow, bytes: number): void {
    this.#advance();
    this.#order += 1;
    flow.finish = this.#service + bytes * MILLIBYTES;
    flow.order = this.#order;
    this.#flows.push(flow);
    this.#siftUp(this.#flows.length - 1, flow);
    this.#wake();
  }

  /** Takes a flow off the link; returns how many bytes of its chunk are not through. */
  cancel(flow: Flow): number {
    if (flow.position < 0) return 0;
    this.#advance();
    const leftBytes = Math.ceil((flow.finish - this.#service) / MILLIBYTES);
    this.#remove(flow);
    this.#wake();
    return Math.max(0, leftBytes);
  }

  setRate(bytesPerSecond: number): void {
    this.#advance();
    this.bytesPerSecond = bytesPerSecond;
    this.#wake();
  }

  #advance(): void {
    const { nowUs } = this.queue;
    const elapsedUs = nowUs - this.#serviceAtUs;
    this.#serviceAtUs = nowUs;
    if (this.#flows.length > 0) this.#service += Math.floor((elapsedUs * this.bytesPerSecond) / (MILLIBYTES * this.#flows.length));
  }

  /** Sees to it that it is looked again when the first chunk may be through; later than that is never planned. */
  #wake(): void {
    const first = this.#flows[0];
    if (first === undefined) return;
    const missing = Math.max(0, first.finish - this.#service);
    const dueUs = this.queue.nowUs + Math.ceil((missing * this.#flows.length * MILLIBYTES) / this.bytesPerSecond);
    if (dueUs >= this.#wakeUs) return;
    this.#wakeUs = dueUs;
    this.queue.at(dueUs, () => {
      if (this.#wakeUs !== dueUs) return;
      this.#wakeUs = Number.POSITIVE_INFINITY;
      this.#look();
    });
  }

  #look(): void {
    this.#advance();
    for (let first = this.#flows[0]; first !== undefined && first.finish <= this.#service; first = this.#flows[0]) {
      this.#remove(first);
      first.served();
    }
    this.#wake();
  }

  #remove(flow: Flow): void {
    const { position } = flow;
    const last = this.#flows.pop()!;
    flow.position = -1;
    if (last === flow) return;
    const parent = this.#flows[(position - 1) >> 1];
    if (position > 0 && isBefore(last, parent!)) this.#siftUp(position, last);
    else this.#siftDown(position, last);
  }

  #siftUp(from: number, flow: Flow): void {
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(flow, this.#flows[parent]!)) break;
      this.#put(i, this.#flows[parent]!);
      i = parent;
    }
    this.#put(i, flow);
  }

  #siftDown(from: number, flow: Flow): void {
    let i = from;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.#flows.length) break;
      if (child + 1 < this.#flows.length && isBefore(this.#flows[child + 1]!, this.#flows[child]!)) child += 1;
      if (!isBefore(this.#flows[child]!, flow)) break;
      this.#put(i, this.#flows[child]!);
      i = child;
    }
    this.#put(i, flow);
  }

  #put(i: number, flow: Flow): void {
    this.#flows[i] = flow;
    flow.position = i;
  }
}

const isBefore = (a: Flow, b: Flow): boolean => a.finish < b.finish || (a.finish === b.finish && a.order < b.order);
