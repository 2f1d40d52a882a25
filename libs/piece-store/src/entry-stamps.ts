import { lstatSync, type BigIntStats } from "node:fs";
import { lstat } from "node:fs/promises";
import type { Manifest } from "@piecewise/manifest";
import { createFileStamp, type FileStamp } from "./file-stamp.js";
import { forEachFile } from "./for-each-file.js";
import { quickCalls } from "./quick-calls.js";
import { withStorageErrors } from "./storage-error.js";

/** What all files of a content that have bytes look like now, by the index of the entry. @throws StorageError */
export async function stampEntries(manifest: Pick<Manifest, "entries">, paths: readonly string[]): Promise<Map<number, FileStamp>> {
  const stamps = new Map<number, FileStamp>();
  const indices = [...manifest.entries.keys()].filter((index) => manifest.entries[index]!.bytes > 0);
  await forEachFile(indices, async (index) => {
    const path = paths[index]!;
    const options = { bigint: true } as const;
    const look = async (): Promise<BigIntStats> => quickCalls.make(() => lstatSync(path, options), () => lstat(path, options));
    stamps.set(index, createFileStamp(await withStorageErrors("read", path, look)));
  });
  return stamps;
}
