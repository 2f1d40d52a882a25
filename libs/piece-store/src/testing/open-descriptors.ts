import { readdirSync, readlinkSync } from "node:fs";

/** The paths below `folder` that this process has open, relative to it. Linux only. */
export function openDescriptorsIn(folder: string): string[] {
  const targets = readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The descriptor of the listing itself.
      return [];
    }
  });
  return targets.filter((target) => target.startsWith(`${folder}/`)).map((target) => target.slice(folder.length + 1)).toSorted();
}
