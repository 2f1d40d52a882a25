import { lstat, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { Bitfield, CancelledError, displayText, IntegrityError, UsageError } from "@piecewise/base";
import {
  checkEntryPath,
  checkPieceLength,
  comparePaths,
  contentIdOf,
  createFileMap,
  defaultPieceLength,
  encodeManifest,
  findPathCollision,
  type Manifest,
  type ManifestEntry,
  pieceCountOf,
} from "@piecewise/manifest";
import { stampEntries } from "./entry-stamps.js";
import { FileSource } from "./file-source.js";
import { createFileStamp, type FileStamp, isSameStamp } from "./file-stamp.js";
import { forEachFile } from "./for-each-file.js";
import { HashedFiles } from "./hasher.js";
import { hashPieces, type HashingOptions } from "./piece-hashing.js";
import type { PieceSource } from "./piece-store.js";
import { SHA256_BYTES, sha256 } from "./sha256.js";
import { withStorageErrors } from "./storage-error.js";
import { entryPaths } from "./store-place.js";

const OWNER_MAY_EXECUTE = 0o100n;

export interface ShareFilesOptions extends HashingOptions {
  /** Default: by the rule of the manifest library. */
  readonly pieceLength?: number | undefined;
}

export interface SharedFiles {
  /** Holds every piece. */
  readonly source: PieceSource;
  /** What is not shared: symbolic links, sockets, fifos and devices; paths relative to the shared directory. */
  readonly skipped: readonly string[];
}

/**
 * Hashes a file or a directory tree, and serves it from where it is. `onProgress` tells how much is hashed.
 * @throws UsageError PATH_NOT_SHAREABLE, PIECE_LENGTH_INVALID; StorageError PATH_NOT_FOUND, PATH_UNREADABLE; IntegrityError
 * CONTENT_CHANGED if a file changes meanwhile; CancelledError.
 */
export async function openSharedFiles(path: string, options: ShareFilesOptions = {}): Promise<SharedFiles> {
  const root = await withStorageErrors("read", path, () => realpath(path));
  const { found, skipped } = await findEntries(root, options.signal);
  const entries = found.map(({ entry }) => entry);
  const totalBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  const pieceLength = options.pieceLength ?? defaultPieceLength(totalBytes);
  checkPieceLength(totalBytes, pieceLength);

  const unhashed: Manifest = { totalBytes, pieceLength, entries, pieceHashes: new Uint8Array(0) };
  const paths = entryPaths(unhashed, root);
  const files = HashedFiles.open({ paths });
  try {
    const manifest = await hashEntries(unhashed, files, options);
    await checkUnchanged(found, manifest, paths);
    const manifestBytes = encodeManifest(manifest);
    const held = Bitfield.create(pieceCountOf(manifest), true);
    const contentId = contentIdOf(manifestBytes, sha256);
    const source = new FileSource({ contentId, manifest, manifestBytes, held, paths, files, isBeingWritten: false, ownsFiles: true });
    for (const [entryIndex, { stamp }] of found.entries()) source.fileLookedLike(entryIndex, stamp);
    for (const piece of held.indices()) source.pieceHashed(piece);
    return { source, skipped };
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
}

interface FoundEntry {
  readonly entry: ManifestEntry;
  readonly stamp: FileStamp;
}

interface FoundTree {
  /** In the order of the manifest. */
  readonly found: FoundEntry[];
  readonly skipped: string[];
}

async function findEntries(root: string, signal: AbortSignal | undefined): Promise<FoundTree> {
  const stat = await withStorageErrors("read", root, () => lstat(root, { bigint: true }));
  if (stat.isFile()) {
    const entry: ManifestEntry = { path: "", kind: "file", bytes: Number(stat.size), executable: false };
    return { found: [{ entry, stamp: createFileStamp(stat) }], skipped: [] };
  }
  if (!stat.isDirectory()) throw notShareable(root, "it is neither a file nor a directory", "share a file or a directory");
  const tree: FoundTree = { found: [], skipped: [] };
  await walk(root, "", tree, signal);
  const collision = findPathCollision(tree.found.map(({ entry }) => entry.path));
  if (collision !== undefined) {
    const [a, b] = collision;
    throw notShareable(join(root, a), `other systems cannot tell it from "${displayText(b)}"`, "rename one of them");
  }
  tree.found.sort((a, b) => comparePaths(a.entry.path, b.entry.path));
  tree.skipped.sort(comparePaths);
  return tree;
}

/** Collects what lies in `directory`, a path relative to `root`, without following symbolic links. */
async function walk(root: string, directory: string, tree: FoundTree, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) throw new CancelledError();
  const absolute = join(root, directory);
  const names = (await withStorageErrors("read", absolute, () => readdir(absolute, { encoding: "buffer" }))).map((name) => decodeName(name, absolute));
  const directories: string[] = [];
  let sharedHere = 0;
  await forEachFile(names, async (name) => {
    const path = directory === "" ? name : `${directory}/${name}`;
    const stat = await withStorageErrors("read", join(root, path), () => lstat(join(root, path), { bigint: true }));
    if (!stat.isFile() && !stat.isDirectory()) {
      tree.skipped.push(path);
      return;
    }
    const problem = checkEntryPath(path);
    if (problem !== undefined) throw notShareable(join(root, path), `as a path in a content ${problem}`, "rename it");
    sharedHere += 1;
    if (stat.isDirectory()) {
      directories.push(path);
      return;
    }
    const executable = (stat.mode & OWNER_MAY_EXECUTE) !== 0n;
    tree.found.push({ entry: { path, kind: "file", bytes: Number(stat.size), executable }, stamp: createFileStamp(stat) });
  });
  if (sharedHere === 0 && directory !== "") {
    const stat = await withStorageErrors("read", absolute, () => lstat(absolute, { bigint: true }));
    tree.found.push({ entry: { path: directory, kind: "directory", bytes: 0, executable: false }, stamp: createFileStamp(stat) });
  }
  for (const inner of directories) await walk(root, inner, tree, signal);
}

function decodeName(name: Buffer, directory: string): string {
  const text = name.toString("utf8");
  if (Buffer.from(text, "utf8").equals(name)) return text;
  throw notShareable(join(directory, text), "its name is not UTF-8", "rename it");
}

async function hashEntries(unhashed: Manifest, files: HashedFiles, options: HashingOptions): Promise<Manifest> {
  const pieceCount = pieceCountOf(unhashed);
  const pieceHashes = new Uint8Array(pieceCount * SHA256_BYTES);
  const pieces = Array.from({ length: pieceCount }, (_, piece) => piece);
  const keep = (piece: number, digest: Uint8Array): boolean => {
    pieceHashes.set(digest, piece * SHA256_BYTES);
    return true;
  };
  await hashPieces(files, createFileMap(unhashed), unhashed, pieces, keep, options);
  return { ...unhashed, pieceHashes };
}

async function checkUnchanged(found: readonly FoundEntry[], manifest: Manifest, paths: readonly string[]): Promise<void> {
  for (const [entryIndex, stamp] of await stampEntries(manifest, paths)) {
    if (isSameStamp(found[entryIndex]!.stamp, stamp)) continue;
    throw new IntegrityError(
      "CONTENT_CHANGED",
      `"${displayText(paths[entryIndex]!)}" has changed while it was hashed; share it again when it is complete`,
    );
  }
}

const notShareable = (path: string, problem: string, wayOut: string): UsageError =>
  new UsageError("PATH_NOT_SHAREABLE", `cannot share "${displayText(path)}": ${problem}; ${wayOut}, then share again`);
