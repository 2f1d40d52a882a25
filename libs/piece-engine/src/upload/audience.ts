import type { Content } from "./contents.js";
import { PieceChanges } from "./piece-changes.js";
import { newsOf, type PieceNews } from "./piece-ranges.js";

/** A watcher hears at most once in this time; changes meanwhile are put together. */
export const NEWS_WINDOW_MS = 100;
/** Runs of pieces in one message; what is left over follows in the next. */
export const NEWS_RUNS_MAX = 4096;
/** Those who may hear of pieces within such a time do so at its end. */
const NEWS_ROUND_MS = 25;

/** One who watches. */
export interface Listener {
  /** Up to which change of pieces it was told. */
  toldVersion: number;
  toldAtMs: number;
  /** It can be told nothing now. */
  isBlocked: boolean;
}

/** What one watcher is told about pieces, and up to which change. */
interface ChangeNews {
  readonly sinceVersion: number;
  readonly atVersion: number;
  readonly toVersion: number;
  readonly news: PieceNews;
}

/**
 * All who watch one content. Those who may hear of its pieces within a moment hear of them together, so that news is put together once for many;
 * not all at once, so that somebody hears soon of every piece.
 */
export class Audience<Member extends Listener> {
  readonly changes: PieceChanges;
  /** Who was told longest ago first. */
  readonly #watchers = new Set<Member>();
  #last: ChangeNews | undefined;

  constructor(readonly content: Content) {
    this.changes = new PieceChanges(content.held.length);
  }

  get size(): number {
    return this.#watchers.size;
  }

  [Symbol.iterator](): IterableIterator<Member> {
    return this.#watchers.values();
  }

  delete(watcher: Member): void {
    this.#watchers.delete(watcher);
  }

  /** It was told something just now. */
  told(watcher: Member): void {
    this.#watchers.delete(watcher);
    this.#watchers.add(watcher);
  }

  /** When somebody has to hear of pieces; Infinity if nobody has. */
  get dueMs(): number {
    for (const watcher of this.#watchers) {
      if (!watcher.isBlocked && this.isBehind(watcher)) return Math.ceil((watcher.toldAtMs + NEWS_WINDOW_MS) / NEWS_ROUND_MS) * NEWS_ROUND_MS;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Who has to. */
  *listeners(nowMs: number): Generator<Member> {
    for (const watcher of this.#watchers) {
      if (watcher.toldAtMs + NEWS_WINDOW_MS > nowMs) return;
      if (!watcher.isBlocked && this.isBehind(watcher)) yield watcher;
    }
  }

  isBehind(watcher: Listener): boolean {
    return watcher.toldVersion < this.changes.version;
  }

  /** The changes that a watcher has not heard of, as many as fit into a message; they count as told. */
  takeNews(watcher: Listener): PieceNews {
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
