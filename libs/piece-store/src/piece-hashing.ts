import { CancelledError, MIB } from "@piecewise/base";
import { type FileMap, type Geometry, pieceBytesOf } from "@piecewise/manifest";
import type { HashedFiles } from "./hasher.js";
import { SHA256_BYTES } from "./sha256.js";

// Small pieces are hashed many to a request; two requests under way keep the thread busy.
const BATCH_BYTES_MAX = 8 * MIB;
const BATCH_PIECES_MAX = 256;
const BATCHES_UNDER_WAY_MAX = 2;

/** How far the hashing of files is. */
export interface HashingProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface HashingOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: HashingProgress) => void) | undefined;
}

/**
 * Hashes pieces where they lie, in the order given; with `writeAgain` every byte that is read is also written to where it was.
 * @param onDigest is called for each, in order; false ends the work early.
 * @throws StorageError; CancelledError.
 */
export async function hashPieces(
  files: HashedFiles,
  fileMap: FileMap,
  geometry: Geometry,
  pieces: readonly number[],
  onDigest: (piece: number, digest: Uint8Array) => boolean,
  { signal, onProgress, writeAgain = false }: HashingOptions & { readonly writeAgain?: boolean },
): Promise<void> {
  const totalBytes = pieces.reduce((sum, piece) => sum + pieceBytesOf(geometry, piece), 0);
  let doneBytes = 0;
  let next = 0;
  const underWay: { readonly batch: readonly number[]; readonly digests: Promise<Uint8Array> }[] = [];
  const sendBatch = (): void => {
    const batch = takeBatch(geometry, pieces, next);
    next += batch.length;
    const spans = batch.map((piece) => fileMap.spans(piece, 0, pieceBytesOf(geometry, piece)));
    underWay.push({ batch, digests: files.call("hash", { pieces: spans, writeAgain }) });
  };

  onProgress?.({ doneBytes, totalBytes });
  try {
    for (;;) {
      if (signal?.aborted === true) throw new CancelledError();
      while (next < pieces.length && underWay.length < BATCHES_UNDER_WAY_MAX) sendBatch();
      const first = underWay.shift();
      if (first === undefined) return;
      const digests = await first.digests;
      for (const [index, piece] of first.batch.entries()) {
        doneBytes += pieceBytesOf(geometry, piece);
        if (!onDigest(piece, digests.subarray(index * SHA256_BYTES, (index + 1) * SHA256_BYTES))) return;
      }
      onProgress?.({ doneBytes, totalBytes });
    }
  } finally {
    // What is still under way must not outlive the call, and its failure is of no interest beside the first.
    await Promise.allSettled(underWay.map(({ digests }) => digests));
  }
}

function takeBatch(geometry: Geometry, pieces: readonly number[], from: number): readonly number[] {
  let to = from;
  let bytes = 0;
  while (to < pieces.length && to - from < BATCH_PIECES_MAX) {
    bytes += pieceBytesOf(geometry, pieces[to]!);
    if (to > from && bytes > BATCH_BYTES_MAX) break;
    to += 1;
  }
  return pieces.slice(from, to);
}
