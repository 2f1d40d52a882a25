import { Bitfield } from "@piecewise/base";
import { DEAL_PIECES_MIN } from "./deal-size.js";

/** A piece that was sent so long ago and is nowhere to be seen may be dealt to another, if whoever has it passes little on. */
const UNSEEN_MS = 1000;

/** A caller that is dealt pieces, and what became of those that it was sent. */
export interface Recipient {
  /** `host:port` where it can be called. */
  readonly address: string | undefined;
  readonly sent: Bitfield;
  /** Pieces that it was sent and that were not seen at another since. */
  unseen: number;
  /** Pieces that only it had been sent when they were seen at another. */
  passedOn: number;
}

/** How many more pieces it may be sent before it has to pass on another: a few at first, more with each that it passed on. */
export const creditOf = ({ unseen, passedOn }: Recipient): number => DEAL_PIECES_MIN + passedOn - unseen;

/**
 * Which of the pieces that were dealt have reached others. What a caller offers says nothing about itself: a piece counts when it is seen at a
 * caller that was not sent it, to the credit of the one that was.
 */
export class PassOn {
  readonly #seen: Bitfield;
  readonly #renewed: Bitfield;
  readonly #sentAtMs: Float64Array;

  constructor(pieceCount: number) {
    this.#seen = Bitfield.create(pieceCount);
    this.#renewed = Bitfield.create(pieceCount);
    this.#sentAtMs = new Float64Array(pieceCount);
  }

  /** It was sent the piece for the first time. */
  sent(recipient: Recipient, piece: number, nowMs: number): void {
    this.#sentAtMs[piece] = nowMs;
    if (!this.#seen.has(piece)) recipient.unseen += 1;
  }

  /** Nobody who is there was sent it: where it was seen may be gone as well. */
  forget(piece: number): void {
    this.#seen.delete(piece);
    this.#renewed.delete(piece);
  }

  /** The caller there offers the piece. Returns those whose credit is better for it. */
  seenAt<Holder extends Recipient>(address: string, piece: number, recipients: Iterable<Holder>): readonly Holder[] {
    if (this.#seen.has(piece)) return [];
    const holders: Holder[] = [];
    for (const recipient of recipients) if (recipient.sent.has(piece)) holders.push(recipient);
    if (holders.length === 0 || holders.some((holder) => holder.address === address)) return [];
    this.#seen.add(piece);
    for (const holder of holders) holder.unseen -= 1;
    if (holders.length === 1) holders[0]!.passedOn += 1;
    return holders;
  }

  /** What those without credit keep to themselves; each piece once. */
  takeUnseen(recipients: Iterable<Recipient>, nowMs: number): readonly number[] {
    const unseen: number[] = [];
    for (const recipient of recipients) {
      if (creditOf(recipient) > 0) continue;
      for (const piece of recipient.sent.indices()) {
        if (!this.#seen.has(piece) && nowMs - this.#sentAtMs[piece]! >= UNSEEN_MS && this.#renewed.add(piece)) unseen.push(piece);
      }
    }
    return unseen;
  }
}
