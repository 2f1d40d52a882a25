import { readFileSync } from "node:fs";

/** The most memory that a process that is running has had at a time, in MiB, as the system counts it. */
export function peakMemoryMib(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Number(kib) / 1024;
}
