/** What folders and network namespaces of the benchmark are called; the number is the process that made them. */
export const OWNED_NAME = /^piecewise-bench-(\d+)-/;

/** Whether there is such a process. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
