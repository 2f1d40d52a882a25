import { constants, copyFile, link, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { displayText, UsageError } from "@piecewise/base";
import { isWithoutLinks, systemErrorCode, toStorageError, withStorageErrors } from "./storage-error.js";

// Somebody who died while holding it, or while taking it over, costs one attempt each.
const ATTEMPTS_MAX = 10;

/** Paths of the locks that this process holds: its own pid says nothing about them. */
const heldHere = new Set<string>();

interface Holder {
  readonly pid: number;
  /** When the process started, in a form that differs between processes that get the same pid; empty if the system does not say. */
  readonly startTime: string;
}

/**
 * Takes the lock at `path`. A lock whose process has ended is taken over.
 * @param outputPath what is locked, for the message.
 * @returns what releases it.
 * @throws UsageError OUTPUT_LOCKED naming the process that holds it; StorageError.
 */
export async function acquireOutputLock(path: string, outputPath: string): Promise<() => Promise<void>> {
  if (heldHere.has(path)) throw locked(outputPath, process.pid);
  heldHere.add(path);
  try {
    await takeLock(path, outputPath);
  } catch (error) {
    heldHere.delete(path);
    throw error;
  }
  return async () => {
    if (!heldHere.has(path)) return;
    // With the folder around it the lock may be gone already.
    await withStorageErrors("write", path, () => rm(path, { force: true }));
    heldHere.delete(path);
  };
}

async function takeLock(path: string, outputPath: string): Promise<void> {
  const own = JSON.stringify({ pid: process.pid, startTime: (await startTimeOf(process.pid)) ?? "" } satisfies Holder);
  // Written under another name first, so that nobody reads half a lock.
  const draft = `${path}.${process.pid}`;
  await withStorageErrors("write", draft, () => writeFile(draft, own));
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      if (await tryCreate(draft, path)) return;
      const found = await readLock(path);
      if (found === undefined) continue;
      const holder = parseHolder(found);
      // What carries our own pid is of an earlier process: this one does not hold it.
      if (holder !== undefined && holder.pid !== process.pid && (await startTimeOf(holder.pid)) === holder.startTime) {
        throw locked(outputPath, holder.pid);
      }
      await removeStale(path, found, `${draft}.stale`);
    }
  } finally {
    await withStorageErrors("write", draft, () => rm(draft, { force: true }));
  }
  throw new UsageError("OUTPUT_LOCKED", `"${displayText(outputPath)}" is being taken by several processes at once; try again`);
}

/** Gives the file a second name; false if the name is taken. */
async function tryCreate(file: string, name: string): Promise<boolean> {
  try {
    await linkOrCopy(file, name);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw toStorageError(error, "write", name);
  }
}

async function linkOrCopy(file: string, name: string): Promise<void> {
  try {
    await link(file, name);
  } catch (error) {
    if (!isWithoutLinks(error)) throw error;
    await copyFile(file, name, constants.COPYFILE_EXCL);
  }
}

async function readLock(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw toStorageError(error, "read", path);
  }
}

function parseHolder(lock: string): Holder | undefined {
  const match = /^\{"pid":([1-9]\d{0,9}),"startTime":"(\d*)"\}$/.exec(lock);
  return match === null ? undefined : { pid: Number(match[1]), startTime: match[2]! };
}

/**
 * Moves a stale lock away. Two processes may find it stale at the same moment, and the second may then catch the lock of the first:
 * what was moved is therefore looked at, and put back if it is not what was found stale.
 */
async function removeStale(path: string, stale: string, aside: string): Promise<void> {
  try {
    await rename(path, aside);
    if ((await readFile(aside, "utf8")) !== stale) await linkOrCopy(aside, path);
    await unlink(aside);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw toStorageError(error, "write", path);
  }
}

/** undefined if there is no such process. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") return isRunning(pid) ? "" : undefined;
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name of the program, in brackets, may hold anything. Behind it: state, then 18 more fields, then the start time.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const hasEnded = fields[0] === "Z" || fields[0] === "X";
  return hasEnded ? undefined : fields[19];
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === "EPERM";
  }
}

const locked = (outputPath: string, pid: number): UsageError =>
  new UsageError("OUTPUT_LOCKED", `process ${pid} is writing "${displayText(outputPath)}"; wait for it, stop it, or choose another output`);
