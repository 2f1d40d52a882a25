import { Bitfield, createPrng, MIB } from "@piecewise/base";
import { bench, describe } from "vitest";
import { AddressBook } from "./address-book.js";
import { Offers } from "./offers.js";
import { Picker } from "./picker.js";
import { PieceLedger } from "./piece-ledger.js";
import { SHIPPING_POLICIES } from "./policies.js";
import { Source } from "./source.js";
import { Sources } from "./sources.js";
import { Streams } from "./streams.js";
import { createTransferBudget } from "./transfer-budget.js";
import { Turn } from "./turn.js";

const SOURCES = 50;

/** A download of which nothing is there, and sources that each offer a random half. */
function halvesOf(pieceCount: number) {
  const prng = createPrng(1);
  const turn = new Turn();
  const sources = new Sources();
  const book = new AddressBook(prng);
  const budget = createTransferBudget();
  const geometry = { totalBytes: pieceCount * MIB, pieceLength: MIB };
  const ledger = new PieceLedger(geometry, Bitfield.create(pieceCount), sources, budget, turn, prng, SHIPPING_POLICIES);
  const offers = new Offers(ledger);
  turn.begin(0);
  for (let index = 0; index < SOURCES; index += 1) {
    book.learn(`peer:${index}`, "given", 0);
    const bits = Bitfield.create(pieceCount);
    for (let piece = 0; piece < pieceCount; piece += 1) if (prng.below(2) === 0) bits.add(piece);
    const source = new Source(book.get(index)!, bits.toBytes(), 0);
    source.readEarlyOffers(pieceCount);
    sources.add(source);
    offers.join(source);
  }
  return { ledger, sources: [...sources], picker: new Picker(ledger, sources, new Streams(ledger, budget, turn), turn), offers, prng };
}

describe.each([1_000, 100_000])("%i pieces, 50 sources that offer a half each", (pieceCount) => {
  const { ledger, sources, picker, offers, prng } = halvesOf(pieceCount);
  const [first, second] = sources as [Source, Source];

  bench("the rarest piece", () => void picker.pick(first, 1, true));
  bench("16 of the rarest", () => void picker.pick(first, 16, true));
  bench("a piece begun and given up", () => ledger.remove(ledger.begin(prng.below(pieceCount))));
  bench("news of one piece, and back", () => {
    const range = [{ first: prng.below(pieceCount), count: 1 }];
    const isOffered = second.offers.has(range[0]!.first);
    offers.news(second, isOffered ? [] : range, isOffered ? range : []);
    offers.news(second, isOffered ? range : [], isOffered ? [] : range);
  });
});
