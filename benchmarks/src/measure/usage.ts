import { readFileSync } from "node:fs";

/** What a process has cost: CPU of all its threads, user and system, and the most memory that it ever had in RAM. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** The kernel counts in these whatever the machine. */
const TICKS_PER_SECOND = 100;
const [UTIME, STIME] = [11, 12];

/** Of a process that is alive, to a hundredth of a second. */
export function processUsage(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name of the program may contain anything; the numbers come after its bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[UTIME]) + Number(fields[STIME]);
  return { cpuSeconds: ticks / TICKS_PER_SECOND, rssBytes: kibOf(pid, "VmHWM") * 1024 };
}

/** Memory of a process that is no file's, at this moment; 0 of one that has ended. */
export function anonymousBytes(pid: number): number {
  try {
    return kibOf(pid, "RssAnon") * 1024;
  } catch {
    return 0; // It has just ended.
  }
}

const kibOf = (pid: number, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
