import type { EventQueue } from "./event-queue.js";

/** A timer of Node never fires sooner. */
const TIMER_MIN_US = 1000;

/** The one timer of a brain, set again after every event. One that would fire too early only looks and goes on waiting. */
export class BrainTimer {
  #armedUs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly queue: EventQueue,
    private readonly fire: () => void,
  ) {}

  /** @param deadlineMs of the brain now; Infinity for none. */
  arm(deadlineMs: number): void {
    if (deadlineMs === Number.POSITIVE_INFINITY) return;
    const dueUs = Math.max(microsecondsOf(deadlineMs), this.queue.nowUs + TIMER_MIN_US);
    if (dueUs >= this.#armedUs) return;
    this.#armedUs = dueUs;
    this.queue.at(dueUs, () => {
      // An earlier time was set meanwhile.
      if (this.#armedUs !== dueUs) return;
      this.#armedUs = Number.POSITIVE_INFINITY;
      this.fire();
    });
  }
}

/** The first microsecond that is not before a time in milliseconds, also when the fraction was rounded. */
function microsecondsOf(ms: number): number {
  const us = Math.ceil(ms * 1000);
  return us / 1000 < ms ? us + 1 : us;
}
