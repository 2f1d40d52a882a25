import { displayText } from "@piecewise/base";
import { HASH_BYTES, pieceCountOf } from "./geometry.js";
import { type Manifest, type ManifestEntry, isSingleFile } from "./manifest.js";
import { findPathCollision } from "./path-collision.js";
import { comparePaths } from "./path-order.js";
import { checkEntryPath } from "./path-rules.js";
import { findGeometryProblem } from "./piece-length.js";

/** Most files and empty directories in a content: reading a manifest of so many takes a second or two, and some hundred MiB. */
export const MANIFEST_ENTRIES_MAX = 2 ** 18;

// Paths may be as long as the manifest before they are checked; an error message is one line.
const SHOWN_LENGTH_MAX = 200;

const shown = (path: string): string =>
  `"${displayText(path.length > SHOWN_LENGTH_MAX ? `${path.slice(0, SHOWN_LENGTH_MAX)}…` : path)}"`;

/** Why a manifest is not legal, as a clause that names the entry; undefined if it is legal. */
export function findManifestProblem(manifest: Manifest): string | undefined {
  const { entries, totalBytes, pieceHashes } = manifest;
  if (entries.length > MANIFEST_ENTRIES_MAX) {
    const wayOut = "pack them into an archive, or share them in parts";
    return `it has ${entries.length} files and empty directories, more than ${MANIFEST_ENTRIES_MAX}: ${wayOut}`;
  }
  const geometryProblem = findGeometryProblem(manifest);
  if (geometryProblem !== undefined) return geometryProblem;
  const pieces = pieceCountOf(manifest);
  if (pieceHashes.length !== pieces * HASH_BYTES) {
    return `it has ${pieceHashes.length} bytes of hashes where ${pieces} pieces need ${pieces * HASH_BYTES}`;
  }
  const entriesProblem = isSingleFile(manifest) ? findSingleFileProblem(entries[0]!) : findTreeProblem(entries);
  if (entriesProblem !== undefined) return entriesProblem;
  // Each is a safe integer, so a sum that is rounded is far above any legal total.
  const sumBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  return sumBytes === totalBytes ? undefined : `its files have ${sumBytes} bytes together, not ${totalBytes}`;
}

function findSingleFileProblem(entry: ManifestEntry): string | undefined {
  if (entry.kind !== "file") return "its only entry has no path and is a directory";
  if (entry.executable) return "it marks a single file as executable, which would change its id with the place where it lies";
  return findSizeProblem(entry);
}

function findTreeProblem(entries: readonly ManifestEntry[]): string | undefined {
  for (const [index, entry] of entries.entries()) {
    const pathProblem = checkEntryPath(entry.path);
    if (pathProblem !== undefined) return `the path ${shown(entry.path)} is not allowed: ${pathProblem}`;
    const sizeProblem = findSizeProblem(entry);
    if (sizeProblem !== undefined) return sizeProblem;
    if (entry.kind === "directory" && entry.bytes !== 0) return `the directory ${shown(entry.path)} has ${entry.bytes} bytes`;
    if (entry.kind === "directory" && entry.executable) return `the directory ${shown(entry.path)} is marked as executable`;
    const previous = entries[index - 1];
    const order = previous === undefined ? -1 : comparePaths(previous.path, entry.path);
    if (order === 0) return `the path ${shown(entry.path)} is listed twice`;
    if (order > 0) return `the path ${shown(entry.path)} is out of order`;
  }
  return describeCollision(findPathCollision(entries.map(({ path }) => path)));
}

function findSizeProblem({ path, bytes }: ManifestEntry): string | undefined {
  return Number.isSafeInteger(bytes) && bytes >= 0 ? undefined : `${shown(path)} has ${bytes} bytes, which is no length of a file`;
}

function describeCollision(collision: readonly [string, string] | undefined): string | undefined {
  if (collision === undefined) return undefined;
  const [a, b] = collision;
  return b.startsWith(`${a}/`)
    ? `${shown(a)} is listed as a file or an empty directory, but ${shown(b)} lies inside it`
    : `${shown(a)} and ${shown(b)} are the same name where case or the form of accents does not count`;
}
