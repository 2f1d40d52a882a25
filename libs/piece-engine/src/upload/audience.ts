import type { Content } from "./contents.js";
import { PieceChanges } from "./piece-changes.js";
import { newsOf, type PieceNews } from "./piece-ranges.js";
import { NEWS_RUNS_MAX, type Watcher } from "./watchers.js";

/** What one watcher is told about pieces, and up to which change. */
interface ChangeNews {
  readonly sinceVersion: number;
  readonly atVersion: number;
  readonly toVersion: number;
  readonly news: PieceNews;
}

/** All who watch one content. They hear of its pieces together, so that news is put together once, however many they are. */
export class Audience {
  readonly watchers = new Set<Watcher>();
  readonly changes: PieceChanges;
  #last: ChangeNews | undefined;

  constructor(
    readonly content: Content,
    /** When they were told of pieces last: the first of them has just heard the whole offer. */
    public toldAtMs: number,
  ) {
    this.changes = new PieceChanges(content.held.length);
  }

  /** Those that can be told something of pieces. */
  *listeners(): Generator<Watcher> {
    for (const watcher of this.watchers) if (!watcher.isBlocked && this.isBehind(watcher)) yield watcher;
  }

  isBehind(watcher: Watcher): boolean {
    return watcher.toldVersion < this.changes.version;
  }

  /** The changes that a watcher has not heard of, as many as fit into a message; they count as told. */
  takeNews(watcher: Watcher): PieceNews {
    const { toldVersion: sinceVersion } = watcher;
    const { version: atVersion } = this.changes;
    // Mostly the next one is where the last one was.
    if (this.#last?.sinceVersion !== sinceVersion || this.#last.atVersion !== atVersion) this.#last = this.#collect(sinceVersion, atVersion);
    watcher.toldVersion = this.#last.toVersion;
    return this.#last.news;
  }

  #collect(sinceVersion: number, atVersion: number): ChangeNews {
    const { held } = this.content;
    const latestFirst = [...this.changes.since(sinceVersion)];
    const pieces = latestFirst.slice(-NEWS_RUNS_MAX);
    const isCut = pieces.length < latestFirst.length;
    const toVersion = isCut ? this.changes.versionOf(pieces[0]!) : atVersion;
    return { sinceVersion, atVersion, toVersion, news: newsOf(pieces, (piece) => held.has(piece)) };
  }
}
