import { assert, type Bitfield, type ErrorCode, type Prng, unreachable } from "@piecewise/base";
import { AddressBook } from "./address-book.js";
import type { DownloadCommand } from "./commands.js";
import { Connections, PEERS_MAX_DEFAULT } from "./connections.js";
import { type DeadlineName, Deadlines } from "./deadlines.js";
import { Discovery } from "./discovery.js";
import type { DownloadEvent, Geometry } from "./events.js";
import { ManifestFetch } from "./manifest-fetch.js";
import { pieceBytesOf, pieceCountOf } from "./piece-ledger.js";
import { type DownloadPolicies, SHIPPING_POLICIES } from "./policies.js";
import { type EnginePhase, type EngineProgress, Progress } from "./progress.js";
import type { Source } from "./source.js";
import { Transfer } from "./transfer.js";
import type { TransferBudget } from "./transfer-budget.js";
import { Turn } from "./turn.js";

/** How long a download goes on without any peer that is of use, unless told otherwise. */
export const SOURCE_TIMEOUT_MS_DEFAULT = 60_000;

export interface DownloadEngineOptions {
  readonly prng: Prng;
  /** Shared by all downloads of the process. */
  readonly budget: TransferBudget;
  /** Peers that the user named, `host:port`. */
  readonly givenAddresses: readonly string[];
  /** Whether `lookupPeers` can bring anything. */
  readonly hasTracker: boolean;
  /** At most so many peers at a time; 1 is the one-peer method. Default: `PEERS_MAX_DEFAULT`. */
  readonly peersMax?: number | undefined;
  /** Fail with NO_PEERS after so long without a connected peer, or one that has what is missing; 0 never. Default: `SOURCE_TIMEOUT_MS_DEFAULT`. */
  readonly sourceTimeoutMs?: number | undefined;
}

/** The brain of one download. */
export interface DownloadEngine {
  /** What is to be done about an event, in this order. Synchronous and total: it never throws for what the network did. */
  handle(event: DownloadEvent, nowMs: number): readonly DownloadCommand[];
  /** When `deadlineReached` is due; Infinity if never. It may change with every event. */
  readonly nextDeadlineMs: number;
  progress(nowMs: number): EngineProgress;
}

/** Creates the brain of one download. It does nothing before `started`. */
export const createDownloadEngine = (options: DownloadEngineOptions, policies = SHIPPING_POLICIES): DownloadEngine => new Engine(options, policies);

type PeerNews = "Connected" | "Offers" | "LoadChanged" | "Heard" | "GoingAway" | "Disconnected";
type PeerEvent = Extract<DownloadEvent, { type: `peer${PeerNews}` }>;
type PieceEvent = Extract<DownloadEvent, { type: `stream${string}` | `piece${string}` | "chunkReceived" }>;
type Stage = "new" | "manifest" | "store" | "pieces" | "finished" | "failed";

class Engine implements DownloadEngine {
  readonly #turn = new Turn();
  readonly #deadlines = new Deadlines();
  readonly #progress = new Progress();
  readonly #connections: Connections;
  readonly #discovery: Discovery;
  readonly #manifestFetch: ManifestFetch;
  readonly #sourceTimeoutMs: number;
  #stage: Stage = "new";
  #geometry: Geometry | undefined;
  #transfer: Transfer | undefined;

  constructor(private readonly options: DownloadEngineOptions, private readonly policies: DownloadPolicies) {
    const { prng, budget, givenAddresses, hasTracker } = options;
    const peersMax = options.peersMax ?? PEERS_MAX_DEFAULT;
    this.#sourceTimeoutMs = options.sourceTimeoutMs ?? SOURCE_TIMEOUT_MS_DEFAULT;
    this.#connections = new Connections(new AddressBook(prng), peersMax, budget, this.#deadlines, this.#turn, prng);
    const search = { givenAddresses, hasTracker, peersMax, sourceTimeoutMs: this.#sourceTimeoutMs };
    this.#discovery = new Discovery(search, this.#connections, this.#deadlines, this.#turn, prng);
    this.#manifestFetch = new ManifestFetch(this.#connections, this.#deadlines, this.#turn);
    this.#connections.observe({
      left: (source) => {
        this.#manifestFetch.left(source);
        this.#transfer?.left(source);
        this.#discovery.left();
      },
      paused: (source) => this.#transfer?.paused(source),
      isUseless: (source) => this.#transfer?.isUseless(source) === true,
      isSilent: (source, silentMs) => this.#transfer?.isSilent(source, silentMs) === true,
    });
  }

  get nextDeadlineMs(): number {
    return this.#deadlines.nextMs;
  }

  handle(event: DownloadEvent, nowMs: number): readonly DownloadCommand[] {
    this.#turn.begin(nowMs);
    if (!this.#isOver) this.#dispatch(event);
    if (!this.#isOver && this.#stage !== "new") this.#settle();
    return this.#turn.commands;
  }

  progress(nowMs: number): EngineProgress {
    const { book, sources } = this.#connections;
    return this.#progress.snapshot(this.#phase, sources.size, book.peers(), Math.max(nowMs, this.#turn.nowMs));
  }

  get #isOver(): boolean {
    return this.#stage === "finished" || this.#stage === "failed";
  }

  get #phase(): EnginePhase {
    if (this.#stage === "store") return "checking";
    if (this.#geometry === undefined) return this.#connections.sources.size === 0 ? "finding-peers" : "fetching-manifest";
    return this.#stage === "finished" ? "finishing" : "downloading";
  }

  #dispatch(event: DownloadEvent): void {
    // Nothing comes before the start, and it comes once; only the user may change their mind.
    if ((this.#stage === "new") !== (event.type === "started") && event.type !== "cancelled") return;
    switch (event.type) {
      case "started":
        this.#stage = "manifest";
        this.#discovery.start();
        return;
      case "peersFound":
        this.#discovery.found(event.source, event.addresses);
        return;
      case "peersNotFound":
        this.#discovery.notFound(event.source);
        return;
      case "manifestReceived":
        this.#manifestReceived(event.geometry);
        return;
      case "manifestFailed":
        if (this.#stage === "manifest") this.#manifestFetch.failed(event.peer, event.code, event.retryAfterMs);
        return;
      case "storeOpened":
        this.#storeOpened(event.stored);
        return;
      case "storeFailed":
        this.#fail(event.code, event.message);
        return;
      case "deadlineReached":
        for (const name of this.#deadlines.takeDue(this.#turn.nowMs)) if (!this.#isOver) this.#due(name);
        return;
      case "cancelled":
        this.#fail("CANCELLED", "the download was cancelled; what was verified is kept");
        return;
      case "peerConnected":
      case "peerOffers":
      case "peerLoadChanged":
      case "peerHeard":
      case "peerGoingAway":
      case "peerDisconnected":
        this.#aboutPeer(event);
        return;
      default:
        if (this.#transfer !== undefined) this.#aboutPieces(event, this.#transfer);
    }
  }

  #aboutPeer(event: PeerEvent): void {
    if (event.type === "peerConnected") {
      const source = this.#connections.connected(event.peer, event.offered);
      if (source !== undefined) this.#joined(source);
      return;
    }
    if (event.type === "peerDisconnected") {
      this.#connections.disconnected(event.peer, event.code, event.retryAfterMs);
      return;
    }
    const source = this.#connections.sources.get(event.peer);
    if (source === undefined) return;
    source.heardAtMs = this.#turn.nowMs;
    if (event.type === "peerGoingAway") {
      this.#connections.goingAway(source);
    } else if (event.type === "peerLoadChanged") {
      if (event.slotsFree > 0) this.#connections.notBusy(source);
    } else if (event.type === "peerOffers") {
      const makesSense = this.#transfer?.news(source, event.added, event.withdrawn) ?? source.applyNews(event.added, event.withdrawn, () => {});
      if (!makesSense) this.#connections.letGo(source.peer, source.isReadable ? "never" : "redial", "PROTOCOL_VIOLATION");
    }
  }

  #aboutPieces(event: PieceEvent, transfer: Transfer): void {
    switch (event.type) {
      case "streamGranted":
        transfer.granted(event.stream);
        return;
      case "chunkReceived":
        transfer.chunk(event);
        return;
      case "streamEnded":
        transfer.ended(event.stream);
        return;
      case "streamFailed":
        transfer.failed(event.stream, event.code, event.retryAfterMs);
        return;
      case "pieceVerified":
        transfer.verified(event.piece, event.copy, event.blamed);
        return;
      case "pieceRejected":
        transfer.rejected(event.piece, event.copy);
        return;
      case "pieceStored":
        transfer.stored(event.piece);
        return;
      default:
        unreachable(event);
    }
  }

  #due(name: DeadlineName): void {
    switch (name) {
      case "lookup":
        this.#discovery.lookup();
        return;
      case "exchange":
        this.#discovery.exchange();
        return;
      case "dial":
        this.#connections.dialDue();
        return;
      case "liveness":
        this.#connections.dropSilent();
        return;
      case "sources":
        this.#failWithoutPeers();
        return;
      case "manifest":
        if (this.#stage === "manifest") this.#manifestFetch.due();
        return;
      case "review":
        this.#transfer?.review();
        return;
      case "wake":
      case "tokens":
        this.#transfer?.askAll();
        return;
      default:
        unreachable(name);
    }
  }

  #joined(source: Source): void {
    if (this.#geometry === undefined || this.#read(source, this.#geometry)) {
      this.#discovery.joined(source);
      this.#transfer?.join(source);
    }
  }

  /** Reads what a source offers; lets it go if that makes no sense. */
  #read(source: Source, geometry: Geometry): boolean {
    if (source.readEarlyOffers(pieceCountOf(geometry))) return true;
    this.#connections.letGo(source.peer, "never", "PROTOCOL_VIOLATION");
    return false;
  }

  #manifestReceived(geometry: Geometry): void {
    if (this.#stage !== "manifest") return;
    this.#stage = "store";
    this.#geometry = geometry;
    this.#progress.totalBytes = geometry.totalBytes;
    this.#deadlines.clear("manifest");
    for (const source of this.#connections.sources) this.#read(source, geometry);
    this.#turn.issue({ type: "openStore", geometry });
  }

  #storeOpened(stored: Bitfield): void {
    const geometry = this.#geometry;
    assert(this.#stage === "store" && geometry !== undefined, "the store was opened unasked");
    assert(stored.length === pieceCountOf(geometry), "the store has another number of pieces");
    this.#stage = "pieces";
    for (const piece of stored.indices()) this.#progress.resumedBytes += pieceBytesOf(geometry, piece);
    this.#progress.verifiedBytes = this.#progress.resumedBytes;
    const { budget, prng } = this.options;
    this.#transfer = new Transfer(geometry, stored, this.#connections, this.#progress, budget, this.#deadlines, this.#turn, prng, this.policies);
  }

  /** What is due at the end of each event. */
  #settle(): void {
    if (this.#transfer?.isComplete === true) {
      this.#close();
      this.#stage = "finished";
      this.#turn.issue({ type: "finish" });
      return;
    }
    this.#connections.settle();
    if (this.#stage === "manifest") this.#manifestFetch.settle();
    this.#transfer?.settle();
    this.#discovery.settle(this.#transfer?.canGoOn ?? this.#connections.sources.size > 0);
  }

  #failWithoutPeers(): void {
    const { lastFailure, sources } = this.#connections;
    const reason = lastFailure === undefined ? "none is known" : `the last one tried, ${lastFailure.address}, failed with ${lastFailure.code}`;
    const seconds = Math.round(this.#sourceTimeoutMs / 1000);
    const problem = sources.size > 0 ? `no peer had what is missing for ${seconds} s (${sources.size} connected)` : `no peer could be reached for ${seconds} s (${reason})`;
    this.#fail("NO_PEERS", `${problem}; see that a peer shares this content, then try again`);
  }

  #fail(code: ErrorCode, message: string): void {
    this.#close();
    this.#stage = "failed";
    this.#turn.issue({ type: "fail", code, message });
  }

  #close(): void {
    this.#connections.close();
    this.#transfer?.close();
    this.#deadlines.clearAll();
  }
}
