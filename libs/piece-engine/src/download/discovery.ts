import type { Prng } from "@piecewise/base";
import { ADDRESSES_MAX } from "./address-book.js";
import { jitter } from "./back-off.js";
import type { Connections } from "./connections.js";
import type { Deadlines } from "./deadlines.js";
import type { PeerSource } from "./events.js";
import type { Source } from "./source.js";
import type { Turn } from "./turn.js";

/** With fewer sources than this, more are looked for eagerly. */
const FEW_SOURCES = 4;
const LOOKUP_FIRST_MS = 2000;
/** How long apart lookups become at most: with no source, with few, with enough. */
const LOOKUP_NONE_MAX_MS = 10_000;
const LOOKUP_FEW_MAX_MS = 60_000;
const LOOKUP_ENOUGH_MS = 120_000;
/** A lookup that was never answered is asked again after this. */
const LOOKUP_LOST_MS = 60_000;
const EXCHANGE_FEW_MS = 30_000;
const EXCHANGE_ENOUGH_MS = 120_000;

export interface DiscoveryOptions {
  readonly givenAddresses: readonly string[];
  readonly hasTracker: boolean;
  /** Sources that are enough, if that is fewer than usual. */
  readonly peersMax: number;
  /** 0 waits for ever. */
  readonly sourceTimeoutMs: number;
}

/** Looks for peers: asks trackers and other peers, often while there are few, seldom otherwise. */
export class Discovery {
  /** Lookups since there was a source last. */
  #lookups = 0;
  #hasSource: boolean | undefined;

  constructor(
    private readonly options: DiscoveryOptions,
    private readonly connections: Connections,
    private readonly deadlines: Deadlines,
    private readonly turn: Turn,
    private readonly prng: Prng,
  ) {}

  start(): void {
    this.found("given", this.options.givenAddresses);
    this.lookup();
  }

  /** At the end of each event. Whether somebody is connected, and once pieces are asked for, whether somebody has what is missing. */
  settle(hasSource: boolean): void {
    if (hasSource === this.#hasSource) return;
    this.#hasSource = hasSource;
    const { sourceTimeoutMs } = this.options;
    if (hasSource) this.deadlines.clear("sources");
    else if (sourceTimeoutMs > 0) this.deadlines.set("sources", this.turn.nowMs + sourceTimeoutMs);
  }

  found(source: PeerSource, addresses: readonly string[]): void {
    // Most are known: every call of a peer says where it can be called.
    let areNews = false;
    for (const address of addresses.slice(0, ADDRESSES_MAX)) if (this.connections.book.learn(address, source, this.turn.nowMs)) areNews = true;
    if (areNews) this.connections.lookForMore();
    this.#answered(source);
  }

  notFound(source: PeerSource): void {
    this.#answered(source);
  }

  lookup(): void {
    if (!this.options.hasTracker) return;
    this.#lookups += 1;
    this.turn.issue({ type: "lookupPeers" });
    this.deadlines.set("lookup", this.turn.nowMs + LOOKUP_LOST_MS);
  }

  /** A source was connected: it may know others. */
  joined(source: Source): void {
    if (this.#areFew) this.turn.issue({ type: "exchangePeers", peer: source.peer.ref });
    this.#exchangeLater();
  }

  /** A source was lost. */
  left(): void {
    // The one that is lost is still among them.
    if (this.connections.sources.size > 1) return;
    this.#lookups = 0;
    if (this.options.hasTracker) this.deadlines.setEarlier("lookup", this.turn.nowMs + jitter(LOOKUP_FIRST_MS, this.prng));
  }

  exchange(): void {
    const sources = [...this.connections.sources];
    if (sources.length === 0) return;
    this.turn.issue({ type: "exchangePeers", peer: sources[this.prng.below(sources.length)]!.peer.ref });
    this.#exchangeLater();
  }

  get #areFew(): boolean {
    return this.connections.sources.size <= Math.min(FEW_SOURCES, this.options.peersMax);
  }

  #answered(source: PeerSource): void {
    if (source !== "tracker") return;
    const enoughMs = this.#areFew ? LOOKUP_FEW_MAX_MS : LOOKUP_ENOUGH_MS;
    const maxMs = this.connections.sources.size === 0 ? LOOKUP_NONE_MAX_MS : enoughMs;
    const waitMs = this.#areFew ? Math.min(LOOKUP_FIRST_MS * 2 ** Math.min(this.#lookups - 1, 10), maxMs) : maxMs;
    this.deadlines.set("lookup", this.turn.nowMs + jitter(waitMs, this.prng));
  }

  #exchangeLater(): void {
    this.deadlines.set("exchange", this.turn.nowMs + jitter(this.#areFew ? EXCHANGE_FEW_MS : EXCHANGE_ENOUGH_MS, this.prng));
  }
}
