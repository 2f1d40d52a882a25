import { assert } from "@piecewise/base";
import { InternTable } from "./intern-table.js";
import { countPieces } from "./field-rules.js";
import { type Lease, isListed } from "./leases.js";
import { LOOKUP_CONTENTS_MAX, NAMES_PER_SUMMARY_MAX } from "./limits.js";
import { MembershipTable } from "./membership-table.js";
import { OrderedIds } from "./ordered-ids.js";
import type { ContentAnnouncement, ContentSummary } from "./registry-calls.js";
import { Tally } from "./tally.js";

/** All peers of one content. Members are rows of the membership table. */
export interface Swarm {
  readonly contentId: string;
  /** Listed members that hold at least one piece, or the nothing that an empty content consists of. */
  readonly holders: number[];
  /** Listed members that hold nothing yet. */
  readonly others: number[];
  /** Members of whom nobody is told. Apart from the others, so that any number of them makes no sample slower. */
  readonly hidden: number[];
  /** Listed ones. */
  seedCount: number;
  /** How often each name is used. */
  readonly names: Tally;
  /** How often each set of facts is claimed. */
  readonly facts: Tally;
}

/** What a manifest says of a content, as far as the tracker passes it on. */
interface ContentFacts {
  readonly totalBytes: number;
  readonly pieceLength: number;
  readonly entryCount: number;
  readonly pieceCount: number;
}

interface ContentName {
  readonly text: string;
  readonly folded: string;
  readonly swarms: Set<Swarm>;
}

/** The form in which names are searched: composed, as the same letters can be written in two ways, and in lower case. */
export const foldName = (name: string): string => name.normalize("NFC").toLowerCase();

/**
 * Who takes part in what. Tracks:
 * 1. the swarms by id, and their ids in order; a swarm without members does not exist,
 * 2. the members of each swarm: those who hold something, those who do not, those who are not listed; and how many are seeds,
 * 3. the names of each content with their frequency, and the contents of each name,
 * 4. what the members claim about the content, with its frequency.
 *
 * Size, piece length and entry count follow from the manifest, of which the id is the hash, so members who disagree cannot both be
 * honest; but the tracker has no manifest and cannot tell who lies. Were the first one believed and the others refused, one liar could
 * lock an honest swarm out. So everybody is admitted, the claim of most members is shown (the oldest of equal ones), and each member
 * is a seed or not by its own claim. Whoever downloads checks the manifest against the id and is not misled for long.
 */
export class Swarms {
  readonly #byId = new Map<string, Swarm>();
  readonly #ids = new OrderedIds();
  readonly #names = new InternTable<ContentName>();
  readonly #facts = new InternTable<ContentFacts>();
  readonly #members = new MembershipTable();

  get contentCount(): number {
    return this.#byId.size;
  }

  get nameCount(): number {
    return this.#names.size;
  }

  get membershipCount(): number {
    return this.#members.size;
  }

  find(contentId: string): Swarm | undefined {
    return this.#byId.get(contentId);
  }

  hasName(name: string): boolean {
    return this.#names.find(name) !== undefined;
  }

  /** The swarm of a content, as a list of one or none. */
  findById(contentId: string): Swarm[] {
    const swarm = this.#byId.get(contentId);
    return swarm === undefined ? [] : [swarm];
  }

  /** Swarms of contents that somebody shares under exactly this name, ordered by id. @param pieceLength 0 for any. */
  findByName(name: string, pieceLength: number): Swarm[] {
    const number = this.#names.find(name);
    const named = number === undefined ? [] : [...this.#names.get(number).swarms];
    const found = named.filter((swarm) => pieceLength === 0 || this.#shownFacts(swarm).pieceLength === pieceLength);
    // It is easier to flood a name with contents than each of them with peers.
    const kept =
      found.length <= LOOKUP_CONTENTS_MAX
        ? found
        : found.toSorted((one, other) => memberCount(other) - memberCount(one)).slice(0, LOOKUP_CONTENTS_MAX);
    return kept.toSorted((one, other) => (one.contentId < other.contentId ? -1 : 1));
  }

  /** The ids of all contents, ascending, from an id on. */
  idsFrom(firstId: string): readonly string[] {
    return this.#ids.from(firstId);
  }

  /** Adds a member and returns its number; creates the swarm if it is the first. */
  join(lease: Lease, announcement: ContentAnnouncement): { swarm: Swarm; member: number } {
    const swarm = this.#byId.get(announcement.contentId) ?? this.#create(announcement.contentId);
    const name = this.#acquireName(swarm, announcement.name);
    const facts = this.#acquireFacts(swarm, announcement);
    const piecesHeld = announcement.progress?.piecesHeld ?? 0;
    const member = this.#members.add({ lease: lease.number, name, facts, piecesHeld, position: 0, listed: isListed(lease) ? 1 : 0 });
    this.#enlist(swarm, member);
    return { swarm, member };
  }

  /** Lets a member announce something else about its content. Returns whether others see a difference in it. */
  update(member: number, announcement: ContentAnnouncement): boolean {
    const swarm = this.#get(announcement.contentId);
    const piecesHeld = announcement.progress?.piecesHeld ?? 0;
    const before = {
      name: this.#members.get(member, "name"),
      facts: this.#members.get(member, "facts"),
      piecesHeld: this.piecesHeldBy(member),
    };
    this.#strike(swarm, member);
    this.#members.set(member, "name", this.#acquireName(swarm, announcement.name));
    this.#members.set(member, "facts", this.#acquireFacts(swarm, announcement));
    this.#members.set(member, "piecesHeld", piecesHeld);
    this.#enlist(swarm, member);
    this.#releaseName(swarm, before.name);
    this.#releaseFacts(swarm, before.facts);
    return piecesHeld !== before.piecesHeld;
  }

  /** Notes how many pieces a member holds. Returns whether that is news. */
  report(contentId: string, member: number, piecesHeld: number): boolean {
    if (this.piecesHeldBy(member) === piecesHeld) return false;
    const swarm = this.#get(contentId);
    this.#strike(swarm, member);
    this.#members.set(member, "piecesHeld", piecesHeld);
    this.#enlist(swarm, member);
    return true;
  }

  /** Lets others be told of a member, or not. */
  list(contentId: string, member: number, isShown: boolean): void {
    const swarm = this.#get(contentId);
    this.#strike(swarm, member);
    this.#members.set(member, "listed", isShown ? 1 : 0);
    this.#enlist(swarm, member);
  }

  /** Removes a member, and the swarm with the last one. */
  leave(contentId: string, member: number): void {
    const swarm = this.#get(contentId);
    this.#strike(swarm, member);
    this.#releaseName(swarm, this.#members.get(member, "name"));
    this.#releaseFacts(swarm, this.#members.get(member, "facts"));
    this.#members.delete(member);
    if (memberCount(swarm) + swarm.hidden.length > 0) return;
    this.#byId.delete(contentId);
    this.#ids.delete(contentId);
  }

  leaseOf(member: number): number {
    return this.#members.get(member, "lease");
  }

  piecesHeldBy(member: number): number {
    return this.#members.get(member, "piecesHeld");
  }

  /** How many pieces the content has according to this member. */
  pieceCountOf(member: number): number {
    return this.#facts.get(this.#members.get(member, "facts")).pieceCount;
  }

  /** Whether one of the names contains a folded text. */
  hasNameWith(swarm: Swarm, folded: string): boolean {
    for (const name of swarm.names.keys()) if (this.#names.get(name).folded.includes(folded)) return true;
    return false;
  }

  summarize(swarm: Swarm): ContentSummary {
    const { totalBytes, pieceLength, entryCount } = this.#shownFacts(swarm);
    return {
      contentId: swarm.contentId,
      names: swarm.names.top(NAMES_PER_SUMMARY_MAX).map((name) => this.#names.get(name).text),
      totalBytes,
      pieceLength,
      entryCount,
      seedCount: swarm.seedCount,
      leecherCount: memberCount(swarm) - swarm.seedCount,
    };
  }

  #get(contentId: string): Swarm {
    const swarm = this.#byId.get(contentId);
    assert(swarm !== undefined, "a content with a member has a swarm");
    return swarm;
  }

  #create(contentId: string): Swarm {
    const swarm: Swarm = { contentId, holders: [], others: [], hidden: [], seedCount: 0, names: new Tally(), facts: new Tally() };
    this.#byId.set(contentId, swarm);
    this.#ids.add(contentId);
    return swarm;
  }

  /** Puts a member into the list it belongs to by what it holds. */
  #enlist(swarm: Swarm, member: number): void {
    const list = this.#listOf(swarm, member);
    this.#members.set(member, "position", list.length);
    list.push(member);
    if (this.#isListedSeed(member)) swarm.seedCount += 1;
  }

  /** Takes a member off its list; the last one takes its place. */
  #strike(swarm: Swarm, member: number): void {
    const list = this.#listOf(swarm, member);
    const last = list.pop()!;
    if (last !== member) {
      const position = this.#members.get(member, "position");
      list[position] = last;
      this.#members.set(last, "position", position);
    }
    if (this.#isListedSeed(member)) swarm.seedCount -= 1;
  }

  #listOf(swarm: Swarm, member: number): number[] {
    if (!this.#isListed(member)) return swarm.hidden;
    return this.piecesHeldBy(member) > 0 || this.#isSeed(member) ? swarm.holders : swarm.others;
  }

  #isListed(member: number): boolean {
    return this.#members.get(member, "listed") === 1;
  }

  #isSeed(member: number): boolean {
    return this.piecesHeldBy(member) >= this.pieceCountOf(member);
  }

  #isListedSeed(member: number): boolean {
    return this.#isListed(member) && this.#isSeed(member);
  }

  #shownFacts(swarm: Swarm): ContentFacts {
    return this.#facts.get(swarm.facts.top(1)[0]!);
  }

  #acquireName(swarm: Swarm, text: string): number {
    const number = this.#names.acquire(text, () => ({ text, folded: foldName(text), swarms: new Set() }));
    if (swarm.names.add(number)) this.#names.get(number).swarms.add(swarm);
    return number;
  }

  #releaseName(swarm: Swarm, number: number): void {
    if (swarm.names.remove(number)) this.#names.get(number).swarms.delete(swarm);
    this.#names.release(number);
  }

  #acquireFacts(swarm: Swarm, { totalBytes, pieceLength, entryCount }: ContentAnnouncement): number {
    const pieceCount = countPieces({ totalBytes, pieceLength });
    const number = this.#facts.acquire(`${totalBytes}/${pieceLength}/${entryCount}`, () => ({
      totalBytes,
      pieceLength,
      entryCount,
      pieceCount,
    }));
    swarm.facts.add(number);
    return number;
  }

  #releaseFacts(swarm: Swarm, number: number): void {
    swarm.facts.remove(number);
    this.#facts.release(number);
  }
}

/** Listed ones. */
const memberCount = (swarm: Swarm): number => swarm.holders.length + swarm.others.length;
