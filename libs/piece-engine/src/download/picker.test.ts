import { Bitfield, createPrng, MIB } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { AddressBook } from "./address-book.js";
import { Offers } from "./offers.js";
import { Picker } from "./picker.js";
import { PieceLedger } from "./piece-ledger.js";
import { type DownloadPolicies, SHIPPING_POLICIES } from "./policies.js";
import { Source } from "./source.js";
import { RUNS_PER_STREAM_MAX } from "../piece-runs.js";
import { Sources } from "./sources.js";
import { Streams } from "./streams.js";
import { createTransferBudget } from "./transfer-budget.js";
import { Turn } from "./turn.js";

/** Bit i is set where `text` has something other than a space. */
function bits(text: string): Bitfield {
  const field = Bitfield.create(text.length);
  for (let i = 0; i < text.length; i += 1) if (text[i] !== " ") field.add(i);
  return field;
}

/**
 * A download in which piece i is
 * - offered by as many sources as the i-th digit of `availability` says,
 * - in the state of the i-th letter of `state`: space missing, s stored, p partial, w waiting for a slot, f being fetched, v being verified.
 * All of these copies are those of source 0. `pick` says what a source with these offers is asked for.
 */
function setUp(availability: string, state = " ".repeat(availability.length), options: { seed?: number; policies?: Partial<DownloadPolicies> } = {}) {
  const prng = createPrng(options.seed ?? 1);
  const turn = new Turn();
  const budget = createTransferBudget();
  const sources = new Sources();
  const book = new AddressBook(prng);
  const stored = bits([...state].map((letter) => (letter === "s" ? "s" : " ")).join(""));
  const ledger = new PieceLedger({ totalBytes: availability.length * MIB, pieceLength: MIB }, stored, sources, budget, turn, prng, { ...SHIPPING_POLICIES, ...options.policies });
  const streams = new Streams(ledger, budget, turn);
  const offers = new Offers(ledger);
  const picker = new Picker(ledger, sources, streams, turn);
  turn.begin(0);

  let count = 0;
  const join = (text: string): Source => {
    book.learn(`peer:${count}`, "given", 0);
    const source = new Source(book.get(count)!, bits(text).toBytes(), 0);
    count += 1;
    source.readEarlyOffers(availability.length);
    sources.add(source);
    offers.join(source);
    return source;
  };
  const most = Math.max(1, ...[...availability].map(Number));
  for (let i = 0; i < most; i += 1) join([...availability].map((digit) => (Number(digit) > i ? "*" : " ")).join(""));
  const first = [...sources][0]!;

  [...state].forEach((letter, piece) => {
    if (letter === " " || letter === "s") return;
    const copy = ledger.begin(piece);
    const stream = streams.open(first, [copy], { runs: [{ first: piece, count: 1 }], offset: 0, bytes: MIB });
    if (letter === "w") return;
    streams.granted(stream);
    if (letter === "f") return;
    const bytes = letter === "v" ? MIB : MIB / 4;
    streams.received(stream, bytes);
    ledger.receive(copy, first.peer.ref, bytes);
    if (letter === "v") ledger.complete(copy);
    streams.close(stream);
  });

  return {
    ledger,
    join,
    /** The piece is asked of one more source. */
    alsoAsk(source: Source, piece: number): void {
      streams.open(source, [ledger.begin(piece)], { runs: [{ first: piece, count: 1 }], offset: 0, bytes: MIB });
    },
    /** `rate` is how fast the one who is asked is known to be, `waitedMs` how long its last request waited. */
    pick(text: string, { piecesMax = 1, beginsNew = true, atMs = 0, rate = undefined as number | undefined, waitedMs = undefined as number | undefined, takesSeveralRuns = true } = {}): string {
      turn.begin(atMs);
      const source = join(text);
      source.waitedMs = waitedMs;
      source.takesSeveralRuns = takesSeveralRuns;
      if (rate !== undefined) {
        source.rate.begin(atMs - 1000);
        source.rate.add(rate, atMs);
        source.rate.end(atMs);
      }
      const choice = picker.pick(source, piecesMax, beginsNew);
      const isOfUseSoon = choice === undefined && picker.isOfUseSoon(source);
      offers.leave(source);
      sources.delete(source);
      if (choice === undefined) return isOfUseSoon ? "later" : "nothing";
      if (choice.kind === "runs") return `run ${choice.runs.map((run) => `${run.first}+${run.count}`).join(" ")}`;
      if (choice.kind === "copy") return `go on with ${choice.copy.piece} from ${choice.copy.receivedBytes}`;
      return choice.kind === "second" ? `second ${choice.piece}` : choice.kind;
    },
  };
}

/** The first of the runs that were chosen; which others there are may be left to chance. */
const firstRun = (choice: string): string => choice.split(" ")[1]!;

describe("rarest first", () => {
  test("the piece that the fewest sources offer", () => {
    expect(setUp("3323333").pick("*******")).toBe("run 2+1");
    expect(setUp("1323333").pick("*******")).toBe("run 0+1");
  });

  test("of those that are offered", () => {
    expect(setUp("1323333").pick(" ******")).toBe("run 2+1");
    expect(setUp("1323333").pick("       ")).toBe("nothing");
  });

  test("of those that are missing", () => {
    expect(setUp("1213333", "s s    ").pick("*******")).toBe("run 1+1");
    expect(setUp("1111111", "sssssss").pick("*******")).toBe("nothing");
  });

  test("ties at random, by the seed", () => {
    const picks = new Set(Array.from({ length: 60 }, (_, seed) => setUp("2222", "    ", { seed }).pick("****")));
    expect([...picks].toSorted()).toEqual(["run 0+1", "run 1+1", "run 2+1", "run 3+1"]);
    expect(setUp("2222", "    ", { seed: 7 }).pick("****")).toBe(setUp("2222", "    ", { seed: 7 }).pick("****"));
  });
});

describe("runs", () => {
  test("missing neighbours that are offered and about as rare, within multiples of the length", () => {
    expect(setUp("22212222").pick("********", { piecesMax: 4 })).toBe("run 0+4");
    expect(setUp("22221222").pick("********", { piecesMax: 4 })).toBe("run 4+4");
    expect(firstRun(setUp("22212222").pick("********", { piecesMax: 3 }))).toBe("2+2");
    expect(firstRun(setUp("22212222").pick("* * ****", { piecesMax: 8 }))).toBe("4+4");
    expect(firstRun(setUp("22242212").pick("********", { piecesMax: 8 }))).toBe("4+4");
    expect(firstRun(setUp("22222212", "     s  ").pick("********", { piecesMax: 8 }))).toBe("6+2");
  });

  test("to the last piece and not beyond", () => {
    expect(firstRun(setUp("22221").pick("*****", { piecesMax: 4 }))).toBe("4+1");
  });

  test("as many as may be asked for, the rarest first, each piece once", () => {
    expect(setUp("53513333").pick("** *    ", { piecesMax: 3 })).toBe("run 3+1 1+1 0+1");
    expect(setUp("22212222").pick("* * * * ", { piecesMax: 8 }).split(" ").slice(1).toSorted()).toEqual(["0+1", "2+1", "4+1", "6+1"]);
    expect(setUp("2111112").pick("*******", { piecesMax: 3 }).split(" ").slice(1).map((run) => Number(run.split("+")[1]))).toEqual([2, 1]);
  });

  test("one of a peer that ended such a call after the first", () => {
    expect(setUp("43513333").pick("** *    ", { piecesMax: 3, takesSeveralRuns: false })).toBe("run 3+1");
  });

  test("no more than one call may name", () => {
    const pieces = 4 * RUNS_PER_STREAM_MAX;
    const choice = setUp("1".repeat(pieces)).pick("* ".repeat(pieces / 2), { piecesMax: pieces });
    expect(choice.split(" ")).toHaveLength(1 + RUNS_PER_STREAM_MAX);
  });
});

describe("partial pieces", () => {
  test("come before rarer ones, from the byte that was reached", () => {
    expect(setUp("1332", "  p ").pick("****")).toBe(`go on with 2 from ${MIB / 4}`);
  });

  test("only if they are offered", () => {
    expect(setUp("1332", "  p ").pick("** *")).toBe("run 0+1");
  });

  test("even when nothing new may be begun", () => {
    expect(setUp("1332", "  p ").pick("****", { beginsNew: false })).toBe(`go on with 2 from ${MIB / 4}`);
    expect(setUp("1332").pick("****", { beginsNew: false })).toBe("nothing");
  });
});

describe("end-game", () => {
  test("not while anything is missing that somebody offers", () => {
    expect(setUp("11", "f ").pick("* ", { atMs: 60_000 })).toBe("nothing");
  });

  test("a piece that nobody offers does not put it off", () => {
    expect(setUp("10", "f ").pick("* ", { atMs: 60_000 })).toBe("second 0");
  });

  test("a holder of unknown speed has a moment", () => {
    const { pick } = setUp("1", "f");
    expect(pick("*", { atMs: 100 })).toBe("later");
    expect(pick("*", { atMs: 500 })).toBe("second 0");
  });

  test("a request that waits is taken over by a source that grants sooner, and only by one that has shown that", () => {
    const { pick } = setUp("11", "w ");
    expect(pick("* ", { atMs: 1000 })).toBe("later");
    expect(pick("* ", { atMs: 1000, waitedMs: 501 })).toBe("later");
    expect(pick("* ", { atMs: 1000, waitedMs: 500 })).toBe("instead");
    expect(pick("**", { atMs: 1000, waitedMs: 500 })).toBe("run 1+1");
  });

  test("a request that is not granted is given up on sooner or later, whatever else is missing", () => {
    const { pick } = setUp("11", "w ");
    expect(pick("* ", { atMs: 1000 })).toBe("later");
    expect(pick("* ", { atMs: 5000 })).toBe("second 0");
  });

  test("what is being verified is left alone", () => {
    expect(setUp("1", "v").pick("*", { atMs: 60_000 })).toBe("nothing");
  });

  test("a third source only takes the place of one that it is known to beat", () => {
    const { pick, join, alsoAsk } = setUp("1", "f");
    alsoAsk(join("*"), 0);
    expect(pick("*", { atMs: 60_000 })).toBe("later");
    expect(pick("*", { atMs: 60_000, rate: MIB })).toBe("instead");
  });
});

test("a piece with a bad copy comes first, for the good one tells who lied", () => {
  const { ledger, pick } = setUp("1331", " p  ");
  ledger.suspects.set(2, new Set([0, 1]));
  expect(pick("****", { piecesMax: 4 })).toBe("run 2+1");
});

test("a piece with a bad copy of several sources goes to one that had no part in it", () => {
  const { ledger, join, pick } = setUp("12");
  const other = join(" *");
  // The peers 0 and 1 and the next one to ask, 3, had a part in a bad copy of piece 1; `other` had not.
  ledger.suspects.set(1, new Set([0, 1, 3, 4]));
  expect(pick(" *")).toBe("nothing");
  other.pausedUntilMs = 1000;
  expect(pick(" *")).toBe("run 1+1");
});

describe("plainer policies", () => {
  test("in another order than rarest first", () => {
    const inOrder = { rankOf: (piece: number) => piece + 1 };
    expect(setUp("3213").pick("****")).toBe("run 2+1");
    expect(setUp("3213", "s   ", { policies: inOrder }).pick("****")).toBe("run 1+1");
  });

  test("nothing is asked for twice without an end-game", () => {
    expect(setUp("1", "f").pick("*", { atMs: 60_000 })).toBe("second 0");
    expect(setUp("1", "f", { policies: { hasEndGame: false } }).pick("*", { atMs: 60_000 })).toBe("nothing");
  });
});
