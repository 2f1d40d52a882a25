import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** For tests that need not wait for what a real disk does. */
export const memoryPlace = (): string => (existsSync("/dev/shm") ? "/dev/shm" : tmpdir());

/** Gives each caller an empty folder of its own below `place`; all are removed after the tests of the file. */
export function useTemporaryFolders(place = tmpdir()): () => Promise<string> {
  const folders: string[] = [];
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });
  return async () => {
    const folder = await mkdtemp(join(place, "piecewise-store-"));
    folders.push(folder);
    return folder;
  };
}
