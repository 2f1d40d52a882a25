import type { LoadFacts } from "./commands.js";

/** A queue so short is as good as none. */
const QUEUE_SHORT = 16;
/** It is worth a word if so many times as many wait, or are left. */
const FACTOR = 2;

/**
 * Whether a watcher that was told `told` would think otherwise of a peer if it heard `load`: the last slot was taken or the first is free, or
 * the queue is about twice as long or half as long. What changes with every request would make news of every message.
 */
export function isLoadNews(told: LoadFacts, load: LoadFacts): boolean {
  if (isFull(told) !== isFull(load)) return true;
  const [short, long] = told.queueLength < load.queueLength ? [told, load] : [load, told];
  return long.queueLength + QUEUE_SHORT >= FACTOR * (short.queueLength + QUEUE_SHORT);
}

const isFull = ({ slotsTaken, slotsMax }: LoadFacts): boolean => slotsTaken >= slotsMax;
