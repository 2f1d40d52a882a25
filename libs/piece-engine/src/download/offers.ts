import type { PieceRange } from "./events.js";
import type { PieceLedger } from "./piece-ledger.js";
import type { Source } from "./source.js";

/** Keeps the availability of pieces in step with what sources offer. */
export class Offers {
  constructor(private readonly ledger: PieceLedger) {}

  join(source: Source): void {
    const { availability, pieceCount } = this.ledger;
    source.isCounted = true;
    source.isFull = source.offers.isFull;
    if (source.isFull) {
      availability.fullSources += 1;
      source.missingOffered = availability.count;
      return;
    }
    source.missingOffered = 0;
    for (let piece = 0; piece < pieceCount; piece += 1) if (source.offers.has(piece)) this.#changed(source, piece, true);
  }

  leave(source: Source): void {
    const { availability, pieceCount } = this.ledger;
    if (!source.isCounted) return;
    source.isCounted = false;
    if (source.isFull) availability.fullSources -= 1;
    else for (let piece = 0; piece < pieceCount; piece += 1) if (source.offers.has(piece)) availability.change(piece, -1);
  }

  /** False if the news makes no sense. */
  news(source: Source, added: readonly PieceRange[], withdrawn: readonly PieceRange[]): boolean {
    if (withdrawn.length > 0) this.#countByPiece(source);
    return source.applyNews(added, withdrawn, (piece, isOffered) => this.#changed(source, piece, isOffered));
  }

  /** The source does not have a piece, whatever it said. */
  forget(source: Source, piece: number): void {
    this.#countByPiece(source);
    if (source.offers.delete(piece)) this.#changed(source, piece, false);
  }

  #changed(source: Source, piece: number, isOffered: boolean): void {
    const { availability } = this.ledger;
    availability.change(piece, isOffered ? 1 : -1);
    if (availability.has(piece)) source.missingOffered += isOffered ? 1 : -1;
  }

  /** A source that is about to lose a piece is not one of those that offer everything any more. */
  #countByPiece(source: Source): void {
    if (!source.isFull) return;
    const { availability, pieceCount } = this.ledger;
    source.isFull = false;
    availability.fullSources -= 1;
    for (let piece = 0; piece < pieceCount; piece += 1) availability.change(piece, 1);
  }
}
