/** How many pieces a caller is shown at first, and at least. */
export const DEAL_PIECES_MIN = 2;
/** And at most: a deal that is taken at once grows, up to this. */
export const DEAL_PIECES_MAX = 64;
/** A deal that was taken sooner than this may be larger … */
const QUICK_MS = 1000;
/** … and one that took longer should be smaller: nobody else is shown what it holds. */
const SLOW_MS = 4000;
/** All deals together hold at most this part of the pieces that nobody was sent yet, so that they come to an end together. */
const PARTS = 4;

/** How many pieces the next deal of a caller has, if one of `pieces` was taken within `tookMs`. */
export function nextDealPieces(pieces: number, tookMs: number): number {
  if (tookMs < QUICK_MS) return Math.min(pieces * 2, DEAL_PIECES_MAX);
  if (tookMs > SLOW_MS) return Math.max(Math.floor(pieces / 2), DEAL_PIECES_MIN);
  return pieces;
}

/** How many of them it gets when so many pieces are left that nobody was shown, among so many callers. */
export const affordableDealPieces = (pieces: number, freshPieces: number, callers: number): number =>
  Math.min(pieces, Math.max(DEAL_PIECES_MIN, Math.floor(freshPieces / (PARTS * callers))));
