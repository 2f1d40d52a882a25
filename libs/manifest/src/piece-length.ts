import { KIB, MIB, UsageError } from "@piecewise/base";
import { type Geometry, pieceCountOf } from "./geometry.js";

/** Longest piece in bytes. */
export const PIECE_LENGTH_MAX = 64 * MIB;
/** Most pieces in a content. */
export const PIECES_MAX = 2 ** 20;
/** Largest content in bytes (64 TiB): as many of the longest pieces as there may be. */
export const CONTENT_BYTES_MAX = PIECE_LENGTH_MAX * PIECES_MAX;

const DEFAULT_MIN = 256 * KIB;
const DEFAULT_MAX = 16 * MIB;
// Every piece costs time, and so does the length of one, which has to be there whole before it is passed on: what the two add up to is least
// where the length grows with the square root of the content. A GiB is cut into pieces of one MiB.
const SQUARED_LENGTH_PER_BYTE = 1024;

/**
 * The piece length that everybody uses unless told otherwise: the smallest power of two whose square is at least 1024 times the content,
 * within 256 KiB and 16 MiB. Ids depend on it. Contents that would then have too many pieces (above 16 TiB) get the smallest power of two
 * that is legal.
 */
export function defaultPieceLength(totalBytes: number): number {
  let pieceLength = DEFAULT_MIN;
  while (pieceLength < DEFAULT_MAX && pieceLength * pieceLength < totalBytes * SQUARED_LENGTH_PER_BYTE) pieceLength *= 2;
  while (pieceLength < PIECE_LENGTH_MAX && pieceLength * PIECES_MAX < totalBytes) pieceLength *= 2;
  return pieceLength;
}

/** Why a content cannot be cut so, as a clause; undefined if it can. */
export function findGeometryProblem(geometry: Geometry): string | undefined {
  const { totalBytes, pieceLength } = geometry;
  if (!Number.isSafeInteger(totalBytes) || totalBytes < 0) return `${totalBytes} is no length of a content`;
  if (!Number.isInteger(pieceLength) || pieceLength < 1) return `a piece length of ${pieceLength} is not a whole number of bytes of at least 1`;
  if (pieceLength > PIECE_LENGTH_MAX) return `a piece length of ${pieceLength} bytes is more than 64 MiB (${PIECE_LENGTH_MAX})`;
  const pieces = pieceCountOf(geometry);
  if (pieces > PIECES_MAX) return `${totalBytes} bytes in pieces of ${pieceLength} are ${pieces} pieces, more than ${PIECES_MAX}`;
  return undefined;
}

/**
 * Makes sure that a content may be cut into pieces of this length.
 * @throws UsageError PIECE_LENGTH_INVALID if not; the message names the smallest length that is legal.
 */
export function checkPieceLength(totalBytes: number, pieceLength: number): void {
  const problem = findGeometryProblem({ totalBytes, pieceLength });
  if (problem === undefined) return;
  const smallest = Math.max(1, Math.ceil(totalBytes / PIECES_MAX));
  const wayOut =
    smallest > PIECE_LENGTH_MAX
      ? `a content has at most ${CONTENT_BYTES_MAX} bytes, share it in parts`
      : `use ${smallest} to ${PIECE_LENGTH_MAX} bytes, or leave it out for ${defaultPieceLength(totalBytes)}`;
  throw new UsageError("PIECE_LENGTH_INVALID", `${problem}: ${wayOut}`);
}
