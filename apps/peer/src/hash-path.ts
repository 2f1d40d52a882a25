import type { ContentId } from "@piecewise/base";
import type { Manifest } from "@piecewise/manifest";
import { openSharedFiles } from "@piecewise/piece-store";
import type { CommandContext } from "./host.js";
import { withHashProgress } from "./progress/hash-progress.js";

/** What a path would be as a content. */
export interface HashedPath {
  readonly contentId: ContentId;
  readonly manifest: Manifest;
  /** Paths of what would not be shared. */
  readonly skipped: readonly string[];
}

/**
 * Hashes a file or directory with progress, and shares nothing.
 * @param pieceLength default: by the size.
 * @throws UsageError PATH_NOT_SHAREABLE, PIECE_LENGTH_INVALID; StorageError; IntegrityError CONTENT_CHANGED; CancelledError.
 */
export async function hashPath(path: string, pieceLength: number | undefined, context: CommandContext): Promise<HashedPath> {
  const { signal } = context.host.stop;
  const { source, skipped } = await withHashProgress(path, context, (onProgress) => openSharedFiles(path, { pieceLength, signal, onProgress }));
  const { contentId, manifest } = source;
  await source[Symbol.asyncDispose]();
  return { contentId, manifest, skipped };
}
