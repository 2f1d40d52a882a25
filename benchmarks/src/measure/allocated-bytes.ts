import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BenchFailure } from "../bench-failure.js";
import type { RunningProcess } from "./running-process.js";

const BLOCK_BYTES = 512;
const LOOK_MS = 5;

/**
 * Resolves when the files below a folder, whatever they are called, take so much room. The same for every program: what it says of its progress
 * may be early or late. @throws BenchFailure if the one who writes them ends before that.
 */
export async function whenAllocated(folder: string, bytes: number, writer: RunningProcess): Promise<void> {
  while (allocatedBytes(folder) < bytes) {
    if (writer.isOver) throw new BenchFailure(`A fetcher has ended before ${bytes} bytes were on disk.`);
    await sleep(LOOK_MS); // The kernel has no event for this.
  }
}

function allocatedBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? allocatedBytes(path) : (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK_BYTES);
  }, 0);
}
