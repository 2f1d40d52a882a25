import type { Bitfield, ErrorCode, Prng } from "@piecewise/base";
import type { Connections } from "./connections.js";
import type { Deadlines } from "./deadlines.js";
import type { DownloadEvent, Geometry, PeerRef, PieceRange, StreamRef } from "./events.js";
import { Offers } from "./offers.js";
import { reactionTo } from "./peer-failure.js";
import { PieceLedger, type Copy } from "./piece-ledger.js";
import type { DownloadPolicies } from "./policies.js";
import type { Progress } from "./progress.js";
import { Requester } from "./requester.js";
import type { Source } from "./source.js";
import { StallReview } from "./stall-review.js";
import type { Stream } from "./stream.js";
import { Streams } from "./streams.js";
import type { TransferBudget } from "./transfer-budget.js";
import { Trust } from "./trust.js";
import type { Turn } from "./turn.js";

/** The part of a download in which pieces move: from an open store until every piece is stored. */
export class Transfer {
  readonly #ledger: PieceLedger;
  readonly #streams: Streams;
  readonly #offers: Offers;
  readonly #requester: Requester;
  readonly #trust: Trust;
  readonly #review: StallReview;

  constructor(
    geometry: Geometry,
    stored: Bitfield,
    private readonly connections: Connections,
    private readonly progress: Progress,
    budget: TransferBudget,
    deadlines: Deadlines,
    private readonly turn: Turn,
    prng: Prng,
    policies: DownloadPolicies,
  ) {
    const { sources } = connections;
    this.#ledger = new PieceLedger(geometry, stored, sources, budget, turn, prng, policies);
    this.#streams = new Streams(this.#ledger, budget, turn);
    this.#offers = new Offers(this.#ledger);
    this.#requester = new Requester(this.#ledger, sources, this.#streams, budget, deadlines, turn);
    this.#trust = new Trust(this.#ledger, connections, turn);
    this.#review = new StallReview(this.#ledger, this.#streams, connections, deadlines, turn);
    // First all of them, so that what is rare is known before anything is asked for.
    for (const source of sources) this.#offers.join(source);
  }

  get isComplete(): boolean {
    return this.#ledger.isComplete;
  }

  /** Whether a piece is on its way, or somebody connected has one that is missing. */
  get canGoOn(): boolean {
    return this.#ledger.canGoOn;
  }

  /** A connected source whose offers can be read. */
  join(source: Source): void {
    this.#offers.join(source);
    this.#requester.ask(source);
  }

  /** The source is about to be forgotten. */
  left(source: Source): void {
    this.paused(source);
    for (const stream of source.streams) this.#streams.cancel(stream);
    this.#offers.leave(source);
  }

  /** What it would have gone on with is for others. */
  paused(source: Source): void {
    for (const copy of source.kept) this.#ledger.abandon(copy);
  }

  /** There is something to ask for, but not of this source. */
  isUseless(source: Source): boolean {
    return this.#ledger.availability.count > 0 && source.missingOffered === 0 && source.streams.size === 0 && source.kept.size === 0;
  }

  /** It has granted everything that it was asked for, and has sent nothing for so long. */
  isSilent(source: Source, silentMs: number): boolean {
    if (source.streams.size === 0 || this.#ledger.isStorageBehind) return false;
    for (const stream of source.streams) {
      if (stream.grantedAtMs === undefined || stream.isDrained || stream.progressAtMs + silentMs > this.turn.nowMs) return false;
    }
    return true;
  }

  /** False if the news makes no sense. */
  news(source: Source, added: readonly PieceRange[], withdrawn: readonly PieceRange[]): boolean {
    source.takesRuns = true;
    source.newsAtMs = this.turn.nowMs;
    if (!this.#offers.news(source, added, withdrawn)) return false;
    for (const copy of source.kept) if (!source.offers.has(copy.piece)) this.#ledger.abandon(copy);
    this.#requester.ask(source);
    return true;
  }

  /** Some or all sources may be asked again. */
  askAll(): void {
    this.#requester.askAll();
  }

  review(): void {
    this.#review.run();
  }

  /** At the end of each event. */
  settle(): void {
    this.#requester.settle();
  }

  /** The download is over, and its sources were let go. */
  close(): void {
    this.#ledger.close();
  }

  granted(ref: StreamRef): void {
    const stream = this.#streams.get(ref);
    if (stream !== undefined) this.#granted(stream);
  }

  chunk({ stream: ref, piece, offset, bytes }: Extract<DownloadEvent, { type: "chunkReceived" }>): void {
    const stream = this.#streams.get(ref);
    if (stream === undefined) return;
    const { source } = stream;
    source.heardAtMs = this.turn.nowMs;
    this.#granted(stream);
    if (!stream.expects(piece, offset, bytes, this.#ledger.pieceBytes(stream.piece))) {
      this.connections.letGo(source.peer, "never", "PROTOCOL_VIOLATION");
      return;
    }
    const copy = this.#ledger.filledBy(stream, piece);
    this.#streams.received(stream, bytes);
    this.progress.received(source.peer, bytes);
    if (copy !== undefined) this.#keep(copy, stream, bytes);
    if (stream.isDrained) this.#review.watch(stream);
    else if (this.#ledger.filledBy(stream, stream.piece) === undefined) this.#streams.cancel(stream);
    this.#requester.ask(source);
  }

  ended(ref: StreamRef): void {
    const stream = this.#streams.get(ref);
    if (stream === undefined) return;
    this.#streams.close(stream);
    if (stream.isBetweenRuns) stream.source.takesSeveralRuns = false;
    // Any other end that comes too early is a failure like any other.
    else if (!stream.isDrained) this.connections.callFailed(stream.source, "REMOTE_FAILED");
    this.connections.releaseIfIdle(stream.source);
    this.#requester.ask(stream.source);
  }

  failed(ref: StreamRef, code: ErrorCode, retryAfterMs?: number): void {
    const stream = this.#streams.get(ref);
    if (stream === undefined) return;
    const { source } = stream;
    this.#streams.close(stream);
    if (reactionTo(code) !== "askForOther") this.connections.callFailed(source, code, retryAfterMs);
    else this.#notThere(stream, code);
    this.connections.releaseIfIdle(source);
    this.#requester.ask(source);
  }

  verified(piece: number, ref: number, blamed: readonly PeerRef[]): void {
    const copy = this.#ledger.find(piece, ref);
    if (copy === undefined || copy.state !== "verifying") return;
    const twin = this.#ledger.copiesOf(piece).find((other) => other !== copy);
    const isFirst = twin?.state !== "storing" && !this.#ledger.isStored(piece);
    if (isFirst) {
      copy.state = "storing";
      this.progress.verifiedBytes += this.#ledger.pieceBytes(piece);
      this.turn.issue({ type: "storePiece", piece, copy: ref });
      if (twin?.state === "filling") this.#dismiss(twin);
    } else {
      this.#ledger.discard(copy);
    }
    this.#trust.verified(copy, blamed);
    this.#askContributors(copy);
  }

  rejected(piece: number, ref: number): void {
    const copy = this.#ledger.find(piece, ref);
    if (copy === undefined || copy.state !== "verifying") return;
    this.#ledger.remove(copy);
    this.#trust.rejected(copy);
    this.#askContributors(copy);
  }

  stored(piece: number): void {
    const copy = this.#ledger.copiesOf(piece).find(({ state }) => state === "storing");
    if (copy !== undefined) this.#ledger.store(copy);
  }

  #notThere(stream: Stream, code: ErrorCode): void {
    const { source } = stream;
    this.connections.notThere(source);
    if (stream.isUnstartedRun && code === "NOT_OFFERED") source.takesRuns = false;
    // News and refusals come over connections of their own: what is newer than the request may be newer than the refusal, and stand.
    else if (code !== "NOT_OFFERED" || source.newsAtMs <= stream.progressAtMs) this.#offers.forget(source, stream.piece);
  }

  #granted(stream: Stream): void {
    if (stream.grantedAtMs !== undefined) return;
    this.#streams.granted(stream);
    this.#review.watch(stream);
    this.#requester.ask(stream.source);
  }

  #keep(copy: Copy, stream: Stream, bytes: number): void {
    const { ref } = stream.source.peer;
    this.turn.issue({ type: "keepChunk", piece: copy.piece, copy: copy.ref, peer: ref });
    this.#ledger.receive(copy, ref, bytes);
    this.progress.wanted(bytes, this.turn.nowMs);
    if (copy.receivedBytes === this.#ledger.pieceBytes(copy.piece)) {
      this.#ledger.complete(copy);
      this.turn.issue({ type: "verifyPiece", piece: copy.piece, copy: copy.ref });
    } else if (stream.isDrained) {
      if (this.#goesOn(stream.source, copy.piece)) this.#ledger.keep(copy, stream.source);
      else this.#ledger.abandon(copy);
    }
  }

  #goesOn(source: Source, piece: number): boolean {
    return !source.isGoingAway && source.pausedUntilMs <= this.turn.nowMs && source.offers.has(piece);
  }

  /** Nobody needs the copy any more, nor the stream that is about to fill it. */
  #dismiss(copy: Copy): void {
    const { stream } = copy;
    if (stream !== undefined && stream.piece === copy.piece) {
      this.#streams.cancel(stream);
      this.connections.releaseIfIdle(stream.source);
      this.#requester.ask(stream.source);
    }
    if (this.#ledger.find(copy.piece, copy.ref) === copy) this.#ledger.discard(copy);
  }

  #askContributors(copy: Copy): void {
    for (const { peer } of copy.contributions) {
      const source = this.connections.sources.get(peer);
      if (source !== undefined) this.#requester.ask(source);
    }
  }
}
