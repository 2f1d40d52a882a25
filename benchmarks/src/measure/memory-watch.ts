import type { RunningProcess } from "./running-process.js";
import { anonymousBytes } from "./usage.js";

const LOOK_MS = 100;

/** Looks now and then how much memory of processes is no file's, which the kernel keeps no maximum of. `stop` returns the most that one had. */
export function watchMemory(processes: readonly RunningProcess[]): { stop(): number } {
  let most = 0;
  const timer = setInterval(() => {
    for (const { isOver, pid } of processes) if (!isOver) most = Math.max(most, anonymousBytes(pid));
  }, LOOK_MS);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}
