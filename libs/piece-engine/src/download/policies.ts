/** The choices of the download brain that can be held against plainer ones, as the simulator does. */
export interface DownloadPolicies {
  /**
   * In which order pieces are asked for: of those that a source offers it is asked for one of the smallest rank, any of them. Whole numbers
   * from 0, which stands only for pieces that nobody offers but those who offer everything.
   * @param offered how many sources offer the piece, without those.
   */
  readonly rankOf: (piece: number, offered: number) => number;
  /** Whether at the end a piece that is on its way is asked for a second time. */
  readonly hasEndGame: boolean;
}

/** Rarest first, with an end-game. */
export const SHIPPING_POLICIES: DownloadPolicies = { rankOf: (_piece, offered) => offered, hasEndGame: true };
