import { basename, dirname, join, resolve } from "node:path";
import type { ContentId } from "@piecewise/base";
import { isSingleFile, type Manifest } from "@piecewise/manifest";

// The longest name that file systems take.
const NAME_BYTES_MAX = 255;
const ID_DIGITS = 16;

/** Where a download lies while it is on its way. All paths are absolute. */
export interface StorePlace {
  /** The final path of the file or directory. */
  readonly output: string;
  /** The folder in which the output will be. */
  readonly parent: string;
  /** A hidden folder beside the output; it holds everything below. */
  readonly folder: string;
  /** The file or directory that will become the output. */
  readonly data: string;
  readonly journal: string;
  readonly lock: string;
  /** Where an old output goes that is replaced and cannot be renamed over. */
  readonly replaced: string;
  /** Is there when the disk may have lost what the system takes for written. */
  readonly doubt: string;
  /** A name for the file of copies that memory has no room for. */
  readonly scratch: string;
}

/** The id is a part of the hidden name: two contents for the same output do not get into each other's way before they are complete. */
export function placeStore(outputPath: string, contentId: ContentId): StorePlace {
  const output = resolve(outputPath);
  const parent = dirname(output);
  const suffix = `.${contentId.slice("sha256:".length, "sha256:".length + ID_DIGITS)}.piecewise`;
  const folder = join(parent, `.${shortenUtf8(basename(output), NAME_BYTES_MAX - 1 - suffix.length)}${suffix}`);
  return {
    output,
    parent,
    folder,
    data: join(folder, "content"),
    journal: join(folder, "journal"),
    lock: join(folder, "lock"),
    replaced: join(folder, "replaced"),
    doubt: join(folder, "doubt"),
    scratch: join(folder, "copies"),
  };
}

/** The absolute path of every entry, when the content lies at `root`. */
export const entryPaths = (manifest: Manifest, root: string): string[] =>
  isSingleFile(manifest) ? [root] : manifest.entries.map(({ path }) => join(root, path));

/** Every directory of a content that lies at `root`, each after the one that it is in; none for a single file. */
export function directoryPaths(manifest: Manifest, root: string): string[] {
  if (isSingleFile(manifest)) return [];
  const directories = new Set([""]);
  for (const { path, kind } of manifest.entries) {
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) directories.add(path.slice(0, slash));
    if (kind === "directory") directories.add(path);
  }
  return Array.from(directories, (path) => join(root, path));
}

/** The longest beginning that fits, without a broken character at its end. */
function shortenUtf8(text: string, bytesMax: number): string {
  let short = "";
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > bytesMax) break;
    short += character;
  }
  return short;
}
