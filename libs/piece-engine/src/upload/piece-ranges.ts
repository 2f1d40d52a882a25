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

/**
 * Takes pieces whose offer changed out of `changed` and puts them into runs, as many as fit into `runsMax` of them.
 * @param isOffered what is true of a piece now.
 */
export function takeNews(changed: Set<number>, isOffered: (piece: number) => boolean, runsMax: number): PieceNews {
  const added: { first: number; count: number }[] = [];
  const withdrawn: { first: number; count: number }[] = [];
  for (const piece of [...changed].toSorted((a, b) => a - b)) {
    appendPiece(isOffered(piece) ? added : withdrawn, piece);
    // The run that is one too many is taken off again; its piece stays for the next message.
    if (added.length + withdrawn.length > runsMax) {
      (isOffered(piece) ? added : withdrawn).pop();
      break;
    }
    changed.delete(piece);
  }
  return { added, withdrawn };
}

/** The pieces of which something is true, as runs, at most so many. */
export function runsWhere(isTrue: (piece: number) => boolean, pieceCount: number, runsMax: number): readonly PieceRange[] {
  const runs: { first: number; count: number }[] = [];
  for (let piece = 0; piece < pieceCount; piece += 1) if (isTrue(piece)) appendPiece(runs, piece);
  return runs.slice(0, runsMax);
}
