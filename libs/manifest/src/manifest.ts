/** A file, or a directory that is empty. */
export interface ManifestEntry {
  /** Relative, parts separated by `/`, kept verbatim. Empty only for a content that is a single file. */
  readonly path: string;
  readonly kind: "file" | "directory";
  /** Length of the file; 0 for a directory. */
  readonly bytes: number;
  /** Whether the owner may execute the file. Never for a single file, nor for a directory. */
  readonly executable: boolean;
}

/**
 * The description of a content, which is one byte space: its files laid end to end in the order of the entries. Numbers are safe
 * integers. No entries at all: an empty directory.
 */
export interface Manifest {
  /** Sum of the bytes of all files. */
  readonly totalBytes: number;
  /** Length of every piece but the last, in bytes. */
  readonly pieceLength: number;
  /** Sorted by the UTF-8 bytes of their paths (`comparePaths`). */
  readonly entries: readonly ManifestEntry[];
  /** The SHA-256 of every piece, one after the other. */
  readonly pieceHashes: Uint8Array;
}

/** Whether the content is one file rather than a directory tree. */
export const isSingleFile = (manifest: Pick<Manifest, "entries">): boolean =>
  manifest.entries.length === 1 && manifest.entries[0]!.path === "";
