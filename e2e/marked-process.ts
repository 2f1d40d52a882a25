import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { expect } from "vitest";
import type { RunningProcess } from "./processes.js";

export type MarkedProcess = RunningProcess & { readonly mark: string };

/** All descendants inherit the mark, whoever their parent is by now. */
export function mark(start: (env: Record<string, string>) => RunningProcess): MarkedProcess {
  const value = randomUUID();
  return Object.assign(start({ TEST_MARK: value }), { mark: value });
}

/** Neither the process nor any descendant of it. */
export async function expectNoneLeft(marked: MarkedProcess): Promise<void> {
  await expect.poll(() => processesWith(marked.mark), { timeout: 15_000 }).toEqual([]);
}

/** The command lines of the processes that carry a mark in their environment. */
export function processesWith(value: string): string[] {
  const found = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, "utf8").includes(value)) found.push(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
    } catch (error) {
      // Gone in the meantime, or another user's.
      if (!["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  return found;
}
