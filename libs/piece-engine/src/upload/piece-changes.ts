const NONE = -1;

/**
 * The pieces of one content in the order in which they changed last, so that each of many who were told at different times hears only of what
 * changed since, and a change costs the same however many they are. A piece that changed again moves to the end: there are never more
 * entries than pieces.
 */
export class PieceChanges {
  /** How many changes there were. */
  version = 0;
  #newest = NONE;
  // A doubly linked list in columns, made with the first change: most contents never change.
  #columns: { readonly older: Int32Array; readonly newer: Int32Array; readonly versions: Float64Array } | undefined;

  constructor(private readonly pieceCount: number) {}

  changed(piece: number): void {
    const { older, newer, versions } = (this.#columns ??= createColumns(this.pieceCount));
    this.version += 1;
    if (this.#newest !== piece) {
      if (versions[piece]! > 0) {
        const before = older[piece]!;
        const after = newer[piece]!;
        if (before !== NONE) newer[before] = after;
        older[after] = before;
      }
      if (this.#newest !== NONE) newer[this.#newest] = piece;
      older[piece] = this.#newest;
      this.#newest = piece;
    }
    versions[piece] = this.version;
  }

  /** The pieces that changed after a version, the latest change first. */
  *since(version: number): Generator<number> {
    if (this.#columns === undefined) return;
    const { older, versions } = this.#columns;
    for (let piece = this.#newest; piece !== NONE && versions[piece]! > version; piece = older[piece]!) yield piece;
  }

  /** At which version a piece changed last; 0 if never. */
  versionOf(piece: number): number {
    return this.#columns?.versions[piece] ?? 0;
  }
}

const createColumns = (pieceCount: number) => ({
  older: new Int32Array(pieceCount).fill(NONE),
  newer: new Int32Array(pieceCount).fill(NONE),
  versions: new Float64Array(pieceCount),
});
