import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatBytes } from "@piecewise/base";
import { BenchFailure } from "../bench-failure.js";
import { isAlive, OWNED_NAME } from "./owned-name.js";

const RAM_FOLDER = "/dev/shm";
/** Unlike /tmp it is never in RAM. */
const DISK_FOLDER = "/var/tmp";

/** Where data lies in RAM, or where temporary files lie if there is no such place. */
export const ramFolder = (): string => (existsSync(RAM_FOLDER) ? RAM_FOLDER : tmpdir());

/** Where data may be more than RAM. */
export const diskFolder = (): string => (existsSync(DISK_FOLDER) ? DISK_FOLDER : tmpdir());

/** A new folder of this process below `parent`. It is removed when the process ends; one that was killed leaves it to the next. */
export function openScratchFolder(parent: string): string {
  for (const name of readdirSync(parent)) {
    const pid = OWNED_NAME.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const folder = mkdtempSync(join(parent, `piecewise-bench-${process.pid}-`));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @throws BenchFailure unless there is room for so much. */
export function requireSpace(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= bytes) return;
  throw new BenchFailure(`${folder} has ${formatBytes(bavail * bsize)} free, and ${formatBytes(bytes)} are needed: make room there, or leave this workload out with --only.`);
}
