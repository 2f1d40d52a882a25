import { piecesOf } from "../piece-runs.js";
import type { Deadlines } from "./deadlines.js";
import { Picker, type Request } from "./picker.js";
import type { Copy, PieceLedger } from "./piece-ledger.js";
import type { Source } from "./source.js";
import type { Sources } from "./sources.js";
import type { Streams } from "./streams.js";
import type { TransferBudget } from "./transfer-budget.js";
import type { Turn } from "./turn.js";
import { refillBytes, runBytes, shareBytes, STREAMS_PER_SOURCE_MAX, windowBytes } from "./window.js";

/** How often it is looked again whether a piece should be asked for twice, or whether other downloads have left room. */
const LOOK_AGAIN_MS = 250;
/** With a rate limit that is low for the piece length: so many pieces are under way as this time brings to an end … */
const RATIONED_PIECES_SECONDS = 8;
/** … but so many at least. */
const RATIONED_PIECES_MIN = 4;
/** A piece of which nothing came for so long does not keep others from being begun. */
const RATIONED_PROGRESS_MS = 2000;

/** Asks sources for as much as their windows and the budget of the process allow. It opens streams; what comes of them is not its concern. */
export class Requester {
  readonly #picker: Picker;
  #asksAll = false;
  /** A request waits for room in the budget. */
  #isCramped = false;

  constructor(
    private readonly ledger: PieceLedger,
    private readonly sources: Sources,
    private readonly streams: Streams,
    private readonly budget: TransferBudget,
    private readonly deadlines: Deadlines,
    private readonly turn: Turn,
  ) {
    this.#picker = new Picker(ledger, sources, streams, turn);
  }

  /** This source may have room for more. */
  ask(source: Source): void {
    // What is scarce goes round instead of to whoever was heard last.
    if (this.#isRationed) this.#asksAll = true;
    else this.#askOne(source);
  }

  /** Any source may be asked for more. */
  askAll(): void {
    this.#asksAll = true;
  }

  /** At the end of each event: asks everybody if something has changed for everybody. */
  settle(): void {
    const hasNews = this.ledger.takeNews();
    if (!this.#asksAll && !hasNews && !this.#isCramped) return;
    this.#asksAll = false;
    this.#isCramped = false;
    for (const source of this.sources.inTurn()) this.#askOne(source);
  }

  get #isRationed(): boolean {
    return this.budget.downloadBytesPerSecond !== undefined;
  }

  #askOne(source: Source): void {
    if (this.#isCramped || !this.#mayAsk(source)) return;
    const mayBegin = this.#mayBegin(source);
    const choice = this.#picker.pick(source, this.#piecesMax(source), mayBegin);
    if (choice === undefined) {
      if (mayBegin) this.#lookAgain(source);
      return;
    }
    if (choice.kind === "instead") {
      this.streams.cancel(choice.stream);
      this.#askOne(source);
      return;
    }
    const bytes = this.#affordableBytes(this.#wantedBytes(choice));
    if (bytes === 0) return;
    // A piece that is larger than the budget has to come all the same, alone.
    if (bytes > this.#roomBytes && (this.streams.size > 0 || this.ledger.isStoring)) {
      this.#isCramped = true;
      this.deadlines.setEarlier("wake", this.turn.nowMs + LOOK_AGAIN_MS);
      return;
    }
    this.#open(source, choice, bytes);
  }

  /** There is nothing for a source now, but perhaps soon. Mostly it will be looked again by then anyway. */
  #lookAgain(source: Source): void {
    const atMs = this.turn.nowMs + LOOK_AGAIN_MS;
    if (atMs < this.deadlines.atMs("wake") && this.#picker.isOfUseSoon(source)) this.deadlines.set("wake", atMs);
  }

  #mayAsk(source: Source): boolean {
    // The commonest reason first.
    if (source.waiting !== undefined || source.isGoingAway || !source.isReadable || !this.sources.has(source)) return false;
    if (source.pausedUntilMs > this.turn.nowMs) {
      this.deadlines.setEarlier("wake", source.pausedUntilMs);
      return false;
    }
    if (!source.peer.isTrusted) return !this.#isProving(source);
    return source.outstandingBytes <= refillBytes(this.#windowBytes(source)) && source.streams.size < STREAMS_PER_SOURCE_MAX;
  }

  #windowBytes(source: Source): number {
    const leftPieces = this.ledger.availability.offeredCount + this.ledger.copies.size;
    return Math.min(windowBytes(source), shareBytes(leftPieces * this.ledger.pieceBytes(0), this.sources.size));
  }

  /** A peer that has not proved itself has one piece under way, until that piece is verified. */
  #isProving(source: Source): boolean {
    const copy = source.proving;
    if (copy === undefined || this.ledger.find(copy.piece, copy.ref) !== copy) return false;
    return copy.state !== "filling" || copy.stream?.source === source;
  }

  /** Where the rate limit makes a piece take long, a few pieces are finished rather than many begun. */
  #mayBegin(source: Source): boolean {
    const { downloadBytesPerSecond, quantumBytes } = this.budget;
    const pieceBytes = this.ledger.pieceBytes(0);
    if (downloadBytesPerSecond === undefined || quantumBytes >= pieceBytes) return true;
    if (source.streams.size > 0) return false;
    let inProgress = 0;
    for (const copies of this.ledger.copies.values()) for (const copy of copies) if (this.#isInProgress(copy)) inProgress += 1;
    return inProgress < Math.max(Math.ceil((downloadBytesPerSecond * RATIONED_PIECES_SECONDS) / pieceBytes), RATIONED_PIECES_MIN);
  }

  #isInProgress({ keeper, stream }: Copy): boolean {
    if (stream === undefined) return keeper !== undefined;
    return stream.grantedAtMs !== undefined && stream.progressAtMs + RATIONED_PROGRESS_MS > this.turn.nowMs;
  }

  #piecesMax(source: Source): number {
    if (!source.peer.isTrusted || !source.takesRuns) return 1;
    const roomBytes = Math.min(runBytes(source), this.#windowBytes(source) - source.outstandingBytes, this.#roomBytes, this.#tokens);
    // What is left is dealt out in ever smaller parts, so that all peers come to an end together.
    const share = this.ledger.availability.count / (2 * this.sources.size);
    return Math.max(1, Math.floor(Math.min(roomBytes / this.ledger.pieceBytes(0), share)));
  }

  /** How many more bytes may be in flight. */
  get #roomBytes(): number {
    const { inFlightBytes, inFlightRoomBytes, quantumBytes, underWayBytesMax } = this.budget;
    // Of pieces that are larger than a request many are begun, and what came of them counts as in flight.
    if (underWayBytesMax === Infinity || quantumBytes < this.ledger.pieceBytes(0)) return inFlightRoomBytes;
    // What waits for a slot of a peer is not under way, and must not keep others from sending.
    let waitingBytes = 0;
    for (const { waiting } of this.sources) waitingBytes += waiting?.remainingBytes ?? 0;
    return Math.max(0, Math.min(inFlightRoomBytes, underWayBytesMax - inFlightBytes + waitingBytes));
  }

  get #tokens(): number {
    return this.budget.tokens.available(this.turn.nowMs);
  }

  #wantedBytes(choice: Request): number {
    if (choice.kind === "copy") return this.ledger.pieceBytes(choice.copy.piece) - choice.copy.receivedBytes;
    if (choice.kind === "second") return this.ledger.pieceBytes(choice.piece);
    let bytes = 0;
    for (const piece of piecesOf(choice.runs)) bytes += this.ledger.pieceBytes(piece);
    return bytes;
  }

  /** As much of it as the rate limit allows now; 0 if it is too little to ask for, and then it is looked again in time. */
  #affordableBytes(wantedBytes: number): number {
    const { tokens, quantumBytes } = this.budget;
    const available = Math.floor(this.#tokens);
    if (available >= wantedBytes) return wantedBytes;
    if (available >= quantumBytes) return available;
    const neededBytes = Math.min(wantedBytes, quantumBytes);
    if (available >= neededBytes) return neededBytes;
    this.deadlines.setEarlier("tokens", Math.ceil(tokens.availableAtMs(neededBytes, this.turn.nowMs)) + 1);
    return 0;
  }

  #open(source: Source, choice: Request, bytes: number): void {
    const copies = this.#copiesFor(choice);
    const [copy] = copies as [Copy];
    const runs = choice.kind === "runs" ? choice.runs : [{ first: copy.piece, count: 1 }];
    if (!source.peer.isTrusted) source.proving = copy;
    this.sources.asked(source);
    this.streams.open(source, copies, { runs, offset: copy.receivedBytes, bytes });
  }

  #copiesFor(choice: Request): readonly Copy[] {
    if (choice.kind === "copy") return [choice.copy];
    if (choice.kind === "second") return [this.ledger.begin(choice.piece)];
    return Array.from(piecesOf(choice.runs), (piece) => this.ledger.begin(piece));
  }
}
