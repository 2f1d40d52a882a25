/** Nothing is taken from a queue sooner: messages travel. */
const WAIT_MS_MIN = 100;
/** The one who has waited has perhaps almost had its turn: the other has to be better by so much. */
const FACTOR = 2;

/**
 * Whether a request that has waited `waitedMs` for a slot should be given up for another source, of which the last request waited
 * `otherWaitedMs` and took `otherServedMs` from there on. Asked in time, that one would have brought it long ago.
 */
export const isWorthTakingOver = (waitedMs: number, otherWaitedMs: number, otherServedMs: number): boolean =>
  waitedMs >= Math.max(WAIT_MS_MIN, FACTOR * (otherWaitedMs + otherServedMs));
