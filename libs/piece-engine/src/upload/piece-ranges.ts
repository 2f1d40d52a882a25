import type { PieceRange } from "../download/events.js";

/** Appends a piece to runs in ascending order: it prolongs the last run or begins a new one. */
export function appendPiece(runs: { first: number; count: number }[], piece: number): void {
  const last = runs.at(-1);
  if (last !== undefined && last.first + last.count === piece) last.count += 1;
  else runs.push({ first: piece, count: 1 });
}

/** News about offered pieces, in ascending order. */
export interface PieceNews {
  readonly added: readonly PieceRange[];
  readonly withdrawn: readonly PieceRange[];
}

/** Puts pieces into runs. @param isOffered what is true of a piece now. */
export function newsOf(pieces: readonly number[], isOffered: (piece: number) => boolean): PieceNews {
  const added: { first: number; count: number }[] = [];
  const withdrawn: { first: number; count: number }[] = [];
  for (const piece of pieces.toSorted((a, b) => a - b)) appendPiece(isOffered(piece) ? added : withdrawn, piece);
  return { added, withdrawn };
}

/** The pieces of which something is true, as runs, at most so many. */
export function runsWhere(isTrue: (piece: number) => boolean, pieceCount: number, runsMax: number): readonly PieceRange[] {
  const runs: { first: number; count: number }[] = [];
  for (let piece = 0; piece < pieceCount; piece += 1) if (isTrue(piece)) appendPiece(runs, piece);
  return runs.slice(0, runsMax);
}
