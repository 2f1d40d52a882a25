import { Bitfield } from "@piecewise/base";
import { createFileMap, type Manifest, pieceCountOf, pieceHashOf } from "@piecewise/manifest";
import { stampEntries } from "./entry-stamps.js";
import { FileSource, type FileSourceOptions } from "./file-source.js";
import { forEachFile } from "./for-each-file.js";
import { HashedFiles } from "./hasher.js";
import { hashPieces, type HashingOptions } from "./piece-hashing.js";
import { lstatIfThere } from "./publish-output.js";
import { directoryPaths, entryPaths } from "./store-place.js";

/**
 * Serves a content that lies at its final place already.
 * @returns undefined if what lies at `root` is not, or not all of, the content. What lies there besides does not matter.
 * @throws StorageError; CancelledError.
 */
export async function openFinishedOutput(
  root: string,
  content: Pick<FileSourceOptions, "contentId" | "manifest" | "manifestBytes">,
  options: HashingOptions,
): Promise<{ readonly source: FileSource; readonly files: HashedFiles } | undefined> {
  const { manifest } = content;
  if (!(await hasShape(manifest, root))) return undefined;
  const paths = entryPaths(manifest, root);
  const stamps = await stampEntries(manifest, paths);
  const files = HashedFiles.open({ paths });
  try {
    const held = await hashUntilWrong(manifest, files, options);
    if (held.isFull) {
      const source = new FileSource({ ...content, held, paths, files, isBeingWritten: false, ownsFiles: false });
      for (const [entryIndex, stamp] of stamps) source.fileLookedLike(entryIndex, stamp);
      for (const piece of held.indices()) source.pieceHashed(piece);
      return { source, files };
    }
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
  await files[Symbol.asyncDispose]();
  return undefined;
}

/** Whether files of the right lengths and directories are where they should be. */
async function hasShape(manifest: Manifest, root: string): Promise<boolean> {
  let isRight = true;
  await forEachFile(directoryPaths(manifest, root), async (path) => {
    if ((await lstatIfThere(path))?.isDirectory() !== true) isRight = false;
  });
  const paths = entryPaths(manifest, root);
  await forEachFile([...manifest.entries.entries()], async ([index, { kind, bytes }]) => {
    if (!isRight || kind === "directory") return;
    const stat = await lstatIfThere(paths[index]!);
    if (stat?.isFile() !== true || stat.size !== bytes) isRight = false;
  });
  return isRight;
}

async function hashUntilWrong(manifest: Manifest, files: HashedFiles, options: HashingOptions): Promise<Bitfield> {
  const held = Bitfield.create(pieceCountOf(manifest));
  const pieces = Array.from({ length: held.length }, (_, piece) => piece);
  const check = (piece: number, digest: Uint8Array): boolean =>
    Buffer.compare(digest, pieceHashOf(manifest, piece)) === 0 && held.add(piece);
  await hashPieces(files, createFileMap(manifest), manifest, pieces, check, options);
  return held;
}
