import { assert } from "@piecewise/base";
import type { Manifest } from "./manifest.js";

/** How a content is cut: piece i covers the bytes `[i * pieceLength, min((i + 1) * pieceLength, totalBytes))`. */
export interface Geometry {
  readonly totalBytes: number;
  readonly pieceLength: number;
}

/** Length of a SHA-256 in bytes. */
export const HASH_BYTES = 32;

/** 0 for an empty content. */
export const pieceCountOf = ({ totalBytes, pieceLength }: Geometry): number => Math.ceil(totalBytes / pieceLength);

/** The length of a piece in bytes: `pieceLength`, or what is left for the last one. */
export function pieceBytesOf(geometry: Geometry, piece: number): number {
  assertPiece(geometry, piece);
  return Math.min(geometry.pieceLength, geometry.totalBytes - piece * geometry.pieceLength);
}

/** The SHA-256 of a piece: a view into `manifest.pieceHashes`, not a copy. */
export function pieceHashOf(manifest: Manifest, piece: number): Uint8Array {
  assertPiece(manifest, piece);
  return manifest.pieceHashes.subarray(piece * HASH_BYTES, (piece + 1) * HASH_BYTES);
}

function assertPiece(geometry: Geometry, piece: number): void {
  const count = pieceCountOf(geometry);
  assert(Number.isInteger(piece) && piece >= 0 && piece < count, `piece ${piece} of ${count}`);
}
