import { formatBytes } from "@piecewise/base";
import { createFileMap, isSingleFile, type Manifest, type ManifestEntry, pieceBytesOf, pieceCountOf, pieceHashOf } from "@piecewise/manifest";
import { formatPieceRange, pieceRanges } from "./piece-ranges.js";

/** One way in which what was found is not what was expected. Paths are relative; that of a single file is empty. */
export type Difference =
  /** The one is a single file, the other a directory; nothing else is compared then. */
  | { readonly difference: "form"; readonly expected: "file" | "directory" }
  | { readonly difference: "missing"; readonly path: string }
  | { readonly difference: "extra"; readonly path: string }
  | { readonly difference: "kind"; readonly path: string; readonly expected: ManifestEntry["kind"] }
  | { readonly difference: "size"; readonly path: string; readonly bytes: number; readonly expectedBytes: number }
  | { readonly difference: "executable"; readonly path: string; readonly expected: boolean }
  /** Pieces of the expected content that are not there or wrong, both ends included, and the files in which they lie. */
  | { readonly difference: "pieces"; readonly first: number; readonly last: number; readonly paths: readonly string[] };

/** Which files are not as they should be, by their names, lengths and modes. */
export function compareEntries(found: Manifest, expected: Manifest): Difference[] {
  if (isSingleFile(found) !== isSingleFile(expected)) {
    return [{ difference: "form", expected: isSingleFile(expected) ? "file" : "directory" }];
  }
  const foundEntries = new Map(found.entries.map((entry) => [entry.path, entry]));
  const expectedEntries = new Map(expected.entries.map((entry) => [entry.path, entry]));
  const foundFolders = foldersOf(found);
  const expectedFolders = foldersOf(expected);
  return [
    ...expected.entries.flatMap((entry) => {
      const other = foundEntries.get(entry.path);
      if (other !== undefined) return compareEntry(other, entry);
      // An empty directory that is not empty here has something extra in it, and that is said.
      return foundFolders.has(entry.path) && entry.kind === "directory" ? [] : [missing(entry.path)];
    }),
    ...found.entries
      .filter(({ path, kind }) => !expectedEntries.has(path) && !(kind === "directory" && expectedFolders.has(path)))
      .map(({ path }): Difference => ({ difference: "extra", path })),
  ];
}

const missing = (path: string): Difference => ({ difference: "missing", path });

function compareEntry(found: ManifestEntry, expected: ManifestEntry): Difference[] {
  const { path } = expected;
  if (found.kind !== expected.kind) return [{ difference: "kind", path, expected: expected.kind }];
  const differences: Difference[] = [];
  if (found.bytes !== expected.bytes) differences.push({ difference: "size", path, bytes: found.bytes, expectedBytes: expected.bytes });
  if (found.executable !== expected.executable) differences.push({ difference: "executable", path, expected: expected.executable });
  return differences;
}

/** Every directory that something lies in. */
function foldersOf({ entries }: Manifest): Set<string> {
  const folders = new Set<string>();
  for (const { path } of entries) {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) folders.add(path.slice(0, slash));
  }
  return folders;
}

/** Which pieces differ in two manifests of the same files and piece length. */
export function comparePieces(found: Manifest, expected: Manifest): number[] {
  const wrong: number[] = [];
  for (let piece = 0; piece < pieceCountOf(expected); piece += 1) {
    if (Buffer.compare(pieceHashOf(found, piece), pieceHashOf(expected, piece)) !== 0) wrong.push(piece);
  }
  return wrong;
}

/** Says of wrong pieces, in ascending order, in which files they lie. */
export function locatePieces(pieces: readonly number[], manifest: Manifest): Difference[] {
  const fileMap = createFileMap(manifest);
  return pieceRanges(pieces).map(({ first, last }) => {
    const entries = new Set<number>();
    for (let piece = first; piece <= last; piece += 1) {
      for (const { entryIndex } of fileMap.spans(piece, 0, pieceBytesOf(manifest, piece))) entries.add(entryIndex);
    }
    return { difference: "pieces", first, last, paths: Array.from(entries, (index) => manifest.entries[index]!.path) };
  });
}

/** How many files a line names. */
const PATHS_SHOWN_MAX = 3;

/** One line for a person. */
export function formatDifference(difference: Difference): string {
  switch (difference.difference) {
    case "form":
      return difference.expected === "file" ? "it is a directory, not a file" : "it is a file, not a directory";
    case "missing":
      return `missing: ${difference.path}`;
    case "extra":
      return `extra: ${difference.path}`;
    case "kind":
      return `not a ${difference.expected}: ${difference.path}`;
    case "size":
      return `size: ${nameOf(difference.path)} has ${describeLengths(difference.bytes, difference.expectedBytes)}`;
    case "executable":
      return `mode: ${difference.path} is ${difference.expected ? "not " : ""}executable`;
    case "pieces": {
      const { first, last, paths } = difference;
      const more = paths.length - PATHS_SHOWN_MAX;
      const where = `${paths.slice(0, PATHS_SHOWN_MAX).map(nameOf).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
      return `${first === last ? "piece" : "pieces"} ${formatPieceRange({ first, last })}: ${where}`;
    }
  }
}

const nameOf = (path: string): string => (path === "" ? "the file" : path);

/** Rounded only if that shows how they differ. */
function describeLengths(bytes: number, expectedBytes: number): string {
  const [rounded, roundedExpected] = [formatBytes(bytes), formatBytes(expectedBytes)];
  return rounded === roundedExpected ? `${bytes} B, not ${expectedBytes} B` : `${rounded}, not ${roundedExpected}`;
}
