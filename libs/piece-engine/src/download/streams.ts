import type { StreamRef } from "./events.js";
import type { Copy, PieceLedger } from "./piece-ledger.js";
import type { Source } from "./source.js";
import { Stream, type StreamRequest } from "./stream.js";
import type { TransferBudget } from "./transfer-budget.js";
import type { Turn } from "./turn.js";

/** The streams of one download. What is asked for is accounted for here, and given back here when it does not come. */
export class Streams implements Iterable<Stream> {
  readonly #byRef = new Map<StreamRef, Stream>();
  readonly #waiting = new Set<Stream>();
  #nextRef = 0;

  constructor(
    private readonly ledger: PieceLedger,
    private readonly budget: TransferBudget,
    private readonly turn: Turn,
  ) {}

  get size(): number {
    return this.#byRef.size;
  }

  get(ref: StreamRef): Stream | undefined {
    return this.#byRef.get(ref);
  }

  /** Those that were not granted yet, who has waited longest first. */
  get waiting(): Iterable<Stream> {
    return this.#waiting;
  }

  [Symbol.iterator](): IterableIterator<Stream> {
    return this.#byRef.values();
  }

  /** Asks a source for the rest of one copy, or a part of it, or for copies that have nothing yet, in the order of the runs. */
  open(source: Source, copies: readonly Copy[], request: StreamRequest): Stream {
    const stream = new Stream(this.#nextRef, source, request, this.turn.nowMs);
    this.#nextRef += 1;
    this.#byRef.set(stream.ref, stream);
    source.streams.add(stream);
    source.waiting = stream;
    this.#waiting.add(stream);
    source.outstandingBytes += request.bytes;
    this.budget.tokens.take(request.bytes, this.turn.nowMs);
    for (const copy of copies) this.ledger.assign(copy, stream, copies.length === 1 ? request.bytes : this.ledger.pieceBytes(copy.piece));
    const isWhole = copies.length > 1 || request.bytes === this.ledger.pieceBytes(stream.piece);
    this.turn.issue({
      type: "openStream",
      stream: stream.ref,
      peer: source.peer.ref,
      runs: request.runs,
      offset: request.offset,
      length: isWhole ? 0 : request.bytes,
    });
    return stream;
  }

  granted(stream: Stream): void {
    if (stream.grantedAtMs !== undefined) return;
    const { source } = stream;
    source.waitedMs = this.turn.nowMs - stream.progressAtMs;
    stream.grantedAtMs = this.turn.nowMs;
    stream.progressAtMs = this.turn.nowMs;
    source.waiting = undefined;
    this.#waiting.delete(stream);
    source.rate.begin(this.turn.nowMs);
  }

  received(stream: Stream, bytes: number): void {
    const { source } = stream;
    if (bytes === stream.remainingBytes && stream.grantedAtMs !== undefined) source.servedMs = this.turn.nowMs - stream.grantedAtMs;
    stream.advance(bytes, this.ledger.pieceBytes(stream.piece), this.turn.nowMs);
    source.outstandingBytes -= bytes;
    source.rate.add(bytes, this.turn.nowMs);
    if (!source.isReceiving) source.rate.end(this.turn.nowMs);
  }

  cancel(stream: Stream): void {
    this.turn.issue({ type: "cancelStream", stream: stream.ref });
    this.close(stream);
  }

  /** The stream is over. */
  close(stream: Stream): void {
    const { source } = stream;
    this.#byRef.delete(stream.ref);
    this.#waiting.delete(stream);
    source.streams.delete(stream);
    if (source.waiting === stream) {
      source.waiting = undefined;
      // It is not known how long it would have been.
      source.waitedMs = undefined;
    }
    source.outstandingBytes -= stream.remainingBytes;
    this.budget.tokens.giveBack(stream.remainingBytes);
    if (!source.isReceiving) source.rate.end(this.turn.nowMs);
    for (const piece of stream.piecesLeft) {
      const copy = this.ledger.filledBy(stream, piece);
      if (copy !== undefined) this.ledger.abandon(copy);
    }
  }
}
