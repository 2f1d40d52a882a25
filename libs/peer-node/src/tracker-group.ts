import { CancelledError, PiecewiseError, type ContentId, type Logger } from "@piecewise/base";
import type { ContentSummary } from "@piecewise/contract";
import type { ContentListing, ContentQuery } from "./peer-node.js";
import { TRACKER_CALL_TIMEOUT_MS, type TrackerSession } from "./tracker-session.js";
import { listingFromWire } from "./wire.js";

/** Peers asked of each tracker in one lookup. */
export const LOOKUP_PEERS_MAX = 100;
/** Contents that a listing reads from one tracker at the most; a filter narrows it. */
export const LISTED_CONTENTS_MAX = 10_000;
/** Pages that it reads for that; full ones would be far fewer. */
export const LISTED_PAGES_MAX = 100;
/** Names of one content in a listing, the first that were told. */
export const LISTED_NAMES_MAX = 64;
const PAGE_SIZE = 1_000;
/** How long the other trackers are waited for when one has told something and they may know more. */
const STRAGGLER_MS = 1_000;
/** Peers that several trackers tell of within this time are tried in turn. */
const GATHER_MS = 100;

interface Question<Item> {
  ask(session: TrackerSession, signal: AbortSignal): Promise<readonly Item[]>;
  /** Is told each answer as soon as it is there, unless it is empty. */
  readonly onAnswer?: (items: readonly Item[]) => void;
  /** For how long the others may be waited for once one has told something. */
  readonly stragglerMs: number;
}

/** All trackers of a peer: asked at once, answers merged, one that answers is enough. */
export class TrackerGroup {
  readonly sessions: readonly TrackerSession[];
  readonly #logger: Logger;

  constructor(sessions: readonly TrackerSession[], logger: Logger) {
    this.sessions = sessions;
    this.#logger = logger;
  }

  get isEmpty(): boolean {
    return this.sessions.length === 0;
  }

  /** Under which a tracker lists this peer, once one does. */
  get listedAddress(): string | undefined {
    return this.sessions.find((session) => session.listedAddress !== undefined)?.listedAddress;
  }

  contentsChanged(): void {
    for (const session of this.sessions) session.contentsChanged();
  }

  /** Resolves when one tracker knows of the content. @throws the error of the first tracker, if all fail. */
  async whenTold(contentId: ContentId, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new CancelledError();
    if (this.isEmpty) return;
    const told = Promise.any(this.sessions.map((session) => session.whenTold(contentId)));
    await new Promise<void>((resolve, reject) => {
      const cancel = (): void => reject(new CancelledError());
      signal.addEventListener("abort", cancel, { once: true });
      told
        .then(resolve, (error: unknown) => reject(firstError(error)))
        .finally(() => signal.removeEventListener("abort", cancel));
    });
  }

  /**
   * Tells addresses of peers of one swarm that are worth dialling, soon after a tracker has answered: one that is silent does not hold up
   * the others. Resolves when none is waited for any more. @throws RemoteError if none answered.
   */
  async lookupPeers(contentId: ContentId, signal: AbortSignal, onFound: (addresses: readonly string[]) => void): Promise<void> {
    const gathered: (readonly string[])[] = [];
    let timer: NodeJS.Timeout | undefined;
    const tell = (): void => {
      clearTimeout(timer);
      timer = undefined;
      if (gathered.length > 0) onFound([...new Set(inTurn(gathered.splice(0)))]);
    };
    const ask = (session: TrackerSession, untilLate: AbortSignal): Promise<string[]> => session.lookupPeers(contentId, LOOKUP_PEERS_MAX, untilLate);
    const onAnswer = (addresses: readonly string[]): void => {
      gathered.push(addresses);
      timer ??= setTimeout(tell, GATHER_MS);
    };
    try {
      await this.#askAll({ ask, onAnswer, stragglerMs: STRAGGLER_MS }, signal);
      tell();
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws RemoteError TRACKER_UNREACHABLE and the like if no tracker answered. */
  async find(query: ContentQuery, signal: AbortSignal): Promise<ContentListing[]> {
    const { idPrefix, name, contentId } = query;
    // Whoever names an id, or its beginning, gets that and nothing else.
    const isWanted = (listing: { readonly contentId: string }): boolean => listing.contentId.startsWith(contentId ?? idPrefix ?? "");
    if (idPrefix !== undefined) return (await this.#list({ idPrefix }, signal)).filter(isWanted);
    const what = contentId === undefined ? ({ case: "name", value: name ?? "" } as const) : ({ case: "contentId", value: contentId } as const);
    const request = { what, pieceLength: query.pieceLength ?? 0, peersMax: 1 };
    const ask = async (session: TrackerSession, untilLate: AbortSignal): Promise<ContentSummary[]> => {
      const response = await session.lookup(request, untilLate);
      return response?.contents.filter((summary) => isWanted(summary)) ?? [];
    };
    // An id is one content, whoever knows it. A name may be that of others, too, of which only another tracker knows.
    const stragglerMs = contentId === undefined ? STRAGGLER_MS : 0;
    return mergeSummaries(await this.#askAll({ ask, stragglerMs }, signal));
  }

  list(filter: string, signal: AbortSignal): Promise<ContentListing[]> {
    return this.#list({ filter }, signal);
  }

  async close(): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.close()));
  }

  async #list(request: { filter?: string; idPrefix?: string }, signal: AbortSignal): Promise<ContentListing[]> {
    const ask = async (session: TrackerSession, untilLate: AbortSignal): Promise<ContentSummary[]> => {
      const summaries: ContentSummary[] = [];
      let pageToken = "";
      let pages = 0;
      do {
        pages += 1;
        const page = await session.client.listContents(
          { ...request, pageSize: PAGE_SIZE, pageToken },
          { timeoutMs: TRACKER_CALL_TIMEOUT_MS, signal: untilLate },
        );
        summaries.push(...page.contents);
        // A page without contents is the last one, whatever it says.
        pageToken = page.contents.length === 0 ? "" : page.nextPageToken;
      } while (pageToken !== "" && summaries.length < LISTED_CONTENTS_MAX && pages < LISTED_PAGES_MAX);
      return summaries;
    };
    return mergeSummaries(await this.#askAll({ ask, stragglerMs: STRAGGLER_MS }, signal));
  }

  /**
   * Asks every tracker, and puts their answers together. Once one has told something, the others have only so much time: one that has
   * fallen silent holds nobody up.
   */
  async #askAll<Item>({ ask, onAnswer, stragglerMs }: Question<Item>, signal: AbortSignal): Promise<Item[]> {
    const late = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const results = await Promise.allSettled(
      this.sessions.map(async (session) => {
        // A signal for each: Node warns of many who listen to one.
        const answer = await ask(session, AbortSignal.any([signal, late.signal]));
        if (answer.length === 0) return answer;
        onAnswer?.(answer);
        timer ??= setTimeout(() => late.abort(), stragglerMs);
        return answer;
      }),
    );
    clearTimeout(timer);
    if (signal.aborted) throw new CancelledError();
    return this.#answersOf(results);
  }

  /** @throws why the first one failed, if none answered. */
  #answersOf<Item>(results: readonly PromiseSettledResult<readonly Item[]>[]): Item[] {
    const answers: (readonly Item[])[] = [];
    let failure: PiecewiseError | undefined;
    for (const [index, result] of results.entries()) {
      if (result.status === "fulfilled") {
        answers.push(result.value);
        continue;
      }
      if (!(result.reason instanceof PiecewiseError)) throw result.reason;
      failure ??= result.reason;
      this.#logger.debug({ tracker: this.sessions[index]!.address, code: result.reason.code }, result.reason.message);
    }
    if (answers.length === 0 && failure !== undefined) throw failure;
    return answers.flat();
  }
}

/** The first of each list, the second of each, and so on: what one tracker tells is not tried before all that another does. */
const inTurn = <Item>(lists: readonly (readonly Item[])[]): Item[] => {
  const length = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
};

function firstError(error: unknown): unknown {
  return error instanceof AggregateError ? error.errors[0] : error;
}

/** One listing for each content, whoever told of it. Counts are of peers that may be the same ones: the largest is nearest to the truth. */
function mergeSummaries(summaries: readonly ContentSummary[]): ContentListing[] {
  const listings = new Map<ContentId, ContentListing>();
  for (const summary of summaries) {
    const listing = listingFromWire(summary);
    if (listing === undefined) continue;
    const known = listings.get(listing.contentId);
    listings.set(listing.contentId, mergeListings(known ?? { ...listing, names: [] }, listing));
  }
  return [...listings.values()].toSorted((a, b) => (a.contentId < b.contentId ? -1 : 1));
}

const mergeListings = (a: ContentListing, b: ContentListing): ContentListing => ({
  ...a,
  names: mergeNames(a.names, b.names),
  seedCount: Math.max(a.seedCount, b.seedCount),
  leecherCount: Math.max(a.leecherCount, b.leecherCount),
});

/** A tracker may have a new one with every word. */
const mergeNames = (known: readonly string[], told: readonly string[]): string[] =>
  [...new Set([...known, ...told.slice(0, LISTED_NAMES_MAX)])].slice(0, LISTED_NAMES_MAX);
