/** Consecutive pieces, both ends included. */
export interface PieceRange {
  readonly first: number;
  readonly last: number;
}

/** `3`, or `3-7`. */
export const formatPieceRange = ({ first, last }: PieceRange): string => (first === last ? String(first) : `${first}-${last}`);

/** Joins pieces in ascending order into as few ranges as possible. */
export function pieceRanges(pieces: readonly number[]): PieceRange[] {
  const ranges: { first: number; last: number }[] = [];
  for (const piece of pieces) {
    const range = ranges.at(-1);
    if (range?.last === piece - 1) range.last = piece;
    else ranges.push({ first: piece, last: piece });
  }
  return ranges;
}
