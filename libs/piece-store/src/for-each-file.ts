/** So many calls to the system are made at a time where many files are looked at. */
export const FILE_CALLS_AT_A_TIME_MAX = 32;

/** Runs `work` for every item, a bounded number at a time. The first failure ends it, after what has begun. */
export async function forEachFile<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  let hasFailed = false;
  const runner = async (): Promise<void> => {
    while (next < items.length && !hasFailed) {
      const item = items[next]!;
      next += 1;
      try {
        await work(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const runners = await Promise.allSettled(Array.from({ length: Math.min(items.length, FILE_CALLS_AT_A_TIME_MAX) }, runner));
  for (const outcome of runners) if (outcome.status === "rejected") throw outcome.reason;
}
