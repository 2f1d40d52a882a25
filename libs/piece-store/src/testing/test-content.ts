import { type ContentId, createPrng } from "@piecewise/base";
import { contentIdOf, encodeManifest, type Manifest, type ManifestEntry, pieceBytesOf, pieceCountOf } from "@piecewise/manifest";
import { sha256 } from "../sha256.js";

/** A content whose bytes are all in memory. */
export interface TestContent {
  readonly contentId: ContentId;
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly pieceCount: number;
  /** A copy of the bytes of a piece, in an ArrayBuffer of its own. */
  pieceBytes(piece: number): Uint8Array;
  /** A copy of the bytes of a file. */
  fileBytes(path: string): Uint8Array;
}

export interface TestEntry {
  readonly path: string;
  /** Length of the file; undefined for an empty directory. */
  readonly bytes?: number;
  readonly executable?: boolean;
}

/** Makes a content of pseudo-random bytes. `entries` are in the order of the manifest; a single file has the path "". */
export function createTestContent(entries: readonly TestEntry[], pieceLength: number, seed = 1): TestContent {
  const manifestEntries = entries.map(
    ({ path, bytes, executable }): ManifestEntry => ({
      path,
      kind: bytes === undefined ? "directory" : "file",
      bytes: bytes ?? 0,
      executable: executable ?? false,
    }),
  );
  const totalBytes = manifestEntries.reduce((sum, { bytes }) => sum + bytes, 0);
  const prng = createPrng(seed);
  const all = Uint8Array.from({ length: totalBytes }, () => prng.below(256));
  const geometry = { totalBytes, pieceLength };
  const pieceCount = pieceCountOf(geometry);
  const pieceBytes = (piece: number): Uint8Array => all.slice(piece * pieceLength, piece * pieceLength + pieceBytesOf(geometry, piece));
  const pieceHashes = new Uint8Array(pieceCount * 32);
  for (let piece = 0; piece < pieceCount; piece += 1) pieceHashes.set(sha256(pieceBytes(piece)), piece * 32);
  const manifest: Manifest = { ...geometry, entries: manifestEntries, pieceHashes };
  const manifestBytes = encodeManifest(manifest);
  return {
    contentId: contentIdOf(manifestBytes, sha256),
    manifest,
    manifestBytes,
    pieceCount,
    pieceBytes,
    fileBytes(wanted) {
      let start = 0;
      for (const { path, bytes } of manifestEntries) {
        if (path === wanted) return all.slice(start, start + bytes);
        start += bytes;
      }
      throw new Error(`the content has no file "${wanted}"`);
    },
  };
}
