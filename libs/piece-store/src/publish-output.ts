import { link, lstat, open, rename, rm, unlink } from "node:fs/promises";
import type { Stats } from "node:fs";
import { displayText, MIB, UsageError } from "@piecewise/base";
import { isSingleFile, type Manifest } from "@piecewise/manifest";
import { forEachFile } from "./for-each-file.js";
import type { HashedFiles } from "./hasher.js";
import { isWithoutLinks, systemErrorCode, toStorageError, withStorageErrors } from "./storage-error.js";
import { directoryPaths, entryPaths, type StorePlace } from "./store-place.js";

const MAY_READ = 0o444;
// What may be read may be executed: each bit is two places behind.
const executableMode = (mode: number): number => mode | ((mode & MAY_READ) >> 2);

// Of so many files the hasher may find out whether the disk is quick.
const FILES_SYNCED_AT_A_TIME_MAX = 1000;
// A larger one could keep the hasher, which other downloads use too, for long.
const SMALL_FILE_BYTES_MAX = MIB;

/** Makes executable what shall be, and brings all bytes and names of the complete data to the disk. @throws StorageError */
export async function syncData(manifest: Manifest, place: StorePlace, files: HashedFiles): Promise<void> {
  const paths = entryPaths(manifest, place.data);
  const indices = [...manifest.entries.keys()].filter((index) => manifest.entries[index]!.kind === "file");
  const isSmall = (index: number): boolean => manifest.entries[index]!.bytes <= SMALL_FILE_BYTES_MAX && !manifest.entries[index]!.executable;
  const small = indices.filter(isSmall);
  const synced = await syncWhileQuick(small, files);
  const others = [...small.slice(synced), ...indices.filter((index) => !isSmall(index))];
  await forEachFile(others, (index) => syncFile(paths[index]!, manifest.entries[index]!.executable));
  await forEachFile(directoryPaths(manifest, place.data), syncDirectory);
}

/** Calls to the system cost less in one thread, but a disk that makes them wait does more of them at the same time. @returns how many are done. */
async function syncWhileQuick(entryIndices: readonly number[], files: HashedFiles): Promise<number> {
  for (let from = 0; from < entryIndices.length; from += FILES_SYNCED_AT_A_TIME_MAX) {
    const part = entryIndices.slice(from, from + FILES_SYNCED_AT_A_TIME_MAX);
    const done = await files.call("sync", { entryIndices: part });
    if (done < part.length) return from + done;
  }
  return entryIndices.length;
}

function syncFile(path: string, executable: boolean): Promise<void> {
  return withStorageErrors("write", path, async () => {
    const file = await open(path, "r");
    try {
      if (executable) {
        await file.chmod(executableMode((await file.stat()).mode));
        // It brings the mode along, too.
        await file.sync();
      } else {
        await file.datasync();
      }
    } finally {
      await file.close();
    }
  });
}

/** Brings the names in a directory to the disk. @throws StorageError */
export function syncDirectory(path: string): Promise<void> {
  return withStorageErrors("write", path, async () => {
    const directory = await open(path, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  });
}

/**
 * Gives the complete data its final name, which is not yet on the disk then.
 * @param force replace what is there.
 * @throws UsageError OUTPUT_EXISTS; StorageError.
 */
export async function publishOutput(manifest: Manifest, place: StorePlace, force: boolean): Promise<void> {
  try {
    if (force) await replaceOutput(manifest, place);
    else if (isSingleFile(manifest)) await nameFile(place);
    // Fails unless the name is free, or is an empty directory, which nobody misses.
    else await rename(place.data, place.output);
  } catch (error) {
    const code = systemErrorCode(error) ?? "";
    if (["EEXIST", "ENOTEMPTY", "ENOTDIR", "EISDIR"].includes(code)) throw outputExists(place.output, "has appeared meanwhile");
    throw toStorageError(error, "write", place.output);
  }
}

/** A second name cannot be made where there is one already, and then the first is taken away: nothing is ever overwritten. */
async function nameFile({ data, output }: StorePlace): Promise<void> {
  try {
    await link(data, output);
  } catch (error) {
    if (!isWithoutLinks(error) || (await lstatIfThere(output)) !== undefined) throw error;
    await rename(data, output);
    return;
  }
  await unlink(data);
}

async function replaceOutput(manifest: Manifest, { data, output, replaced }: StorePlace): Promise<void> {
  const old = await lstatIfThere(output);
  // A file can be renamed over another; anything else has to make way first. It goes with the hidden folder.
  if (old !== undefined && (old.isDirectory() || !isSingleFile(manifest))) {
    await rm(replaced, { recursive: true, force: true });
    await rename(output, replaced);
  }
  await rename(data, output);
}

/** What lies at a path, a link itself if it is one; undefined if nothing. */
export async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT" || systemErrorCode(error) === "ENOTDIR") return undefined;
    throw toStorageError(error, "read", path);
  }
}

/** @param how what is known of it, such as `differs`. */
export const outputExists = (path: string, how: string): UsageError =>
  new UsageError("OUTPUT_EXISTS", `"${displayText(path)}" ${how}; choose another output (--output), or let it be replaced (--force)`);
