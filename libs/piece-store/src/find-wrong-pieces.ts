import { realpath } from "node:fs/promises";
import { createFileMap, type Manifest, pieceBytesOf, pieceCountOf, pieceHashOf } from "@piecewise/manifest";
import { forEachFile } from "./for-each-file.js";
import { HashedFiles } from "./hasher.js";
import { hashPieces, type HashingOptions } from "./piece-hashing.js";
import { lstatIfThere } from "./publish-output.js";
import { withStorageErrors } from "./storage-error.js";
import { entryPaths } from "./store-place.js";

/**
 * Holds what lies at a path against a content. `onProgress` tells how much of what is there is hashed.
 * @returns the pieces of the content that are not there, not whole, or wrong, in ascending order.
 * @throws StorageError; CancelledError.
 */
export async function findWrongPieces(path: string, manifest: Manifest, options: HashingOptions = {}): Promise<number[]> {
  const root = await withStorageErrors("read", path, () => realpath(path));
  const paths = entryPaths(manifest, root);
  const lengths = await fileLengths(paths);
  const fileMap = createFileMap(manifest);
  const isWhole = (piece: number): boolean =>
    fileMap.spans(piece, 0, pieceBytesOf(manifest, piece)).every((span) => span.fileOffset + span.bytes <= lengths[span.entryIndex]!);

  const whole: number[] = [];
  const wrong: number[] = [];
  for (let piece = 0; piece < pieceCountOf(manifest); piece += 1) (isWhole(piece) ? whole : wrong).push(piece);
  const keepWrong = (piece: number, digest: Uint8Array): boolean => {
    if (Buffer.compare(digest, pieceHashOf(manifest, piece)) !== 0) wrong.push(piece);
    return true;
  };
  const files = HashedFiles.open({ paths });
  try {
    await hashPieces(files, fileMap, manifest, whole, keepWrong, options);
  } finally {
    await files[Symbol.asyncDispose]();
  }
  return wrong.toSorted((a, b) => a - b);
}

/** In the order of the paths; 0 where there is no file. */
async function fileLengths(paths: readonly string[]): Promise<number[]> {
  const lengths = paths.map(() => 0);
  await forEachFile([...paths.entries()], async ([index, path]) => {
    const stat = await lstatIfThere(path);
    if (stat?.isFile() === true) lengths[index] = stat.size;
  });
  return lengths;
}
