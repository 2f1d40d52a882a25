import { mkdir, rm, statfs } from "node:fs/promises";
import { displayText, formatBytes, StorageError } from "@piecewise/base";
import type { Manifest } from "@piecewise/manifest";
import { forEachFile } from "./for-each-file.js";
import type { HashedFiles } from "./hasher.js";
import { acquireOutputLock } from "./output-lock.js";
import { lstatIfThere } from "./publish-output.js";
import { systemErrorCode, toStorageError, withStorageErrors } from "./storage-error.js";
import { directoryPaths, entryPaths, type StorePlace } from "./store-place.js";

// Between two requests of so many files the hasher does what others want of it.
const FILES_LAID_OUT_AT_A_TIME_MAX = 1000;
const BYTES_PER_BLOCK = 512;

/** The hidden folder of a download, locked for this process. */
export interface StoreFolder {
  /** Removes the folder with everything in it, and the lock. */
  remove(): Promise<void>;
  /** Removes the lock alone. */
  release(): Promise<void>;
}

/** Makes the hidden folder where it is missing, and locks it. @throws UsageError OUTPUT_LOCKED; StorageError */
export async function openStoreFolder(place: StorePlace): Promise<StoreFolder> {
  await makeFolder(place);
  const release = await acquireOutputLock(place.lock, place.output);
  return {
    async remove() {
      await withStorageErrors("write", place.folder, () => rm(place.folder, { recursive: true, force: true }));
      await release();
    },
    release,
  };
}

async function makeFolder({ folder, parent }: StorePlace): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    // The hidden name would tell a reader nothing; what is wrong is the folder around it.
    if (systemErrorCode(error) !== "EEXIST") throw toStorageError(error, "write", parent);
    if ((await lstatIfThere(folder))?.isDirectory() === true) return;
    throw new StorageError("STORAGE_FAILED", `"${displayText(folder)}" is not a directory; remove it, then run the same again`);
  }
}

/** @throws StorageError DISK_FULL if what is missing does not fit. */
export async function checkFreeSpace(manifest: Manifest, place: StorePlace): Promise<void> {
  const neededBytes = manifest.totalBytes - (await countAllocatedBytes(manifest, place));
  const { bavail, blocks, bsize } = await withStorageErrors("read", place.parent, () => statfs(place.parent));
  const freeBytes = bavail * bsize;
  // Some file systems do not know their size.
  if (blocks === 0 || neededBytes <= freeBytes) return;
  throw new StorageError(
    "DISK_FULL",
    `not enough space for "${displayText(place.output)}": ${formatBytes(neededBytes)} needed, ${formatBytes(freeBytes)} free; make room, or choose another place`,
  );
}

/** Files have holes where nothing was written yet. */
async function countAllocatedBytes(manifest: Manifest, place: StorePlace): Promise<number> {
  if ((await lstatIfThere(place.data)) === undefined) return 0;
  let allocatedBytes = 0;
  const paths = entryPaths(manifest, place.data);
  await forEachFile([...manifest.entries.entries()], async ([index, { bytes }]) => {
    const stat = await lstatIfThere(paths[index]!);
    if (stat?.isFile() === true) allocatedBytes += Math.min(stat.blocks * BYTES_PER_BLOCK, bytes);
  });
  return allocatedBytes;
}

/** Makes every directory, and every file with its final length. What is there already stays. @throws StorageError */
export async function layOutData(manifest: Manifest, place: StorePlace, files: HashedFiles): Promise<void> {
  const directories = directoryPaths(manifest, place.data);
  for (let from = 0; from < directories.length; from += FILES_LAID_OUT_AT_A_TIME_MAX) {
    await files.call("layOut", { directories: directories.slice(from, from + FILES_LAID_OUT_AT_A_TIME_MAX), files: [] });
  }
  const targets = [...manifest.entries.entries()].filter(([, { kind }]) => kind === "file").map(([entryIndex, { bytes }]) => ({ entryIndex, bytes }));
  for (let from = 0; from < targets.length; from += FILES_LAID_OUT_AT_A_TIME_MAX) {
    await files.call("layOut", { directories: [], files: targets.slice(from, from + FILES_LAID_OUT_AT_A_TIME_MAX) });
  }
}
