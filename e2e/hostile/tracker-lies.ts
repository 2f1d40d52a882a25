import { lease, type TrackerAnswers } from "../lying-tracker.js";
import type { Message } from "../plain-grpc.js";
import { FORBIDDEN_ADDRESSES, MANY_ADDRESSES } from "./peer-lies.js";

/** What the tracker is to lie about. */
export interface TrackerFacts {
  readonly contentId: string;
  /** Addresses that it tells of besides what the lie is: of honest peers, or the victim's own. */
  readonly addresses: readonly string[];
}

/** Something that a tracker can do to those who ask it. */
export interface TrackerLie {
  readonly what: string;
  answers(facts: TrackerFacts): TrackerAnswers;
}

const KIB = 1024;
const HOSTILE_NAMES = ["../../escape", "red\u001b[31m", "two\nlines", "x".repeat(3000), "nul\0", "\u202egnp.exe"];

export const summaryOf = (contentId: string, ...names: string[]): Message => ({ contentId, names, totalBytes: 5, pieceLength: 1, entryCount: 1, seedCount: 1 });
const idOf = (digit: string): string => `sha256:${digit.repeat(64)}`;
const peersAt = (addresses: readonly string[]): Message[] => addresses.map((address) => ({ address }));

const lookup = (what: string, lies: (facts: TrackerFacts) => readonly string[]): TrackerLie => ({
  what,
  answers: (facts) => ({ Lookup: () => ({ contents: [summaryOf(facts.contentId, "film")], peers: peersAt([...lies(facts), ...facts.addresses]) }) }),
});
const leased = (what: string, changes: Message): TrackerLie => ({
  what,
  answers: () => ({ Register: () => ({ ...lease, ...changes }), Renew: () => ({ ...lease, ...changes }) }),
});
const listed = (what: string, page: (facts: TrackerFacts) => Message): TrackerLie => ({ what, answers: (facts) => ({ ListContents: () => page(facts) }) });

/** Everything, by the name under which it is run. */
export const TRACKER_LIES: Readonly<Record<string, TrackerLie>> = {
  "many-peers": lookup("10,000 addresses at which nobody is, before any other", () => MANY_ADDRESSES),
  "forbidden-peers": lookup("addresses of clouds, of everybody, and of nobody", () => FORBIDDEN_ADDRESSES),
  "garbage-peers": lookup("addresses that are none", () => ["", "garbage", "a b:1", "127.0.0.1:0", "127.0.0.1:99999", "http://127.0.0.1:1", "\u001b[31m:1", "x".repeat(9999)]),
  "told-peers": lookup("the addresses that it is given, such as those of the victim", () => []),
  "lease-for-ever": leased("the next renewal in 30,000 years, and an address that is none", { renewAfter: { seconds: 10 ** 12 }, listedAddress: "garbage\u001b[31m" }),
  "lease-of-nothing": leased("renewals without pause", { lease: { seconds: 0 }, renewAfter: { seconds: 0 } }),
  "lease-in-the-past": leased("renewals before the last one", { lease: { seconds: -10 }, renewAfter: { seconds: -(10 ** 9) } }),
  "listed-elsewhere": leased("the victim is listed where clouds hand out credentials", { listedAddress: "169.254.169.254:80" }),
  "pages-endless": listed("pages without end", () => ({ contents: [summaryOf(idOf("a"), "film")], nextPageToken: "more" })),
  "page-too-large": listed("a page above the largest message", () => ({ nextPageToken: "x".repeat(5 * KIB * KIB) })),
  "names-hostile": listed("names with escape codes, line breaks and paths, and ids that are none", () => ({
    contents: [summaryOf(idOf("a"), ...HOSTILE_NAMES, "film"), summaryOf(idOf("b"), "nul\0"), summaryOf("sha256:short", "film"), summaryOf(idOf("c"))],
  })),
  "other-content-of-name": {
    what: "another content of the name that is asked for",
    answers: ({ addresses }) => ({ Lookup: () => ({ contents: [summaryOf(idOf("a"), "film.bin")], peers: peersAt(addresses) }) }),
  },
  silent: { what: "no answer to any call", answers: () => ({ Lookup: () => undefined, ListContents: () => undefined, Register: () => undefined, Renew: () => undefined }) },
};

/** The answers of a tracker that tells this lie. */
export function trackerAnswersOf(name: string, facts: TrackerFacts): TrackerAnswers {
  const found = TRACKER_LIES[name];
  if (found === undefined) throw new RangeError(`there is no lie "${name}"`);
  return found.answers(facts);
}
