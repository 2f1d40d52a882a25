import { MIB } from "@piecewise/base";
import type { EventQueue } from "../clock/event-queue.js";
import type { Flow } from "./link.js";
import type { Host, Network } from "./network.js";

/** What a sender may have on its way before the receiver has read any of it: the flow control window of a bulk connection. */
export const PIPE_WINDOW_BYTES = 4 * MIB;

/** One message of a stream, without its bytes. */
export interface Chunk<Stream> {
  readonly stream: Stream;
  readonly piece: number;
  readonly offset: number;
  readonly bytes: number;
  /** What it says is not what it should say. */
  readonly isBad: boolean;
  /** The end of the stream follows. */
  readonly isLast: boolean;
}

export interface PipeEnds<Stream> {
  /** The chunk has left the sender. */
  sent(chunk: Chunk<Stream>): void;
  received(chunk: Chunk<Stream>): void;
  /** When a message that is sent now arrives, in order with all others of this connection. */
  arrivalUs(): number;
}

/** The bulk connection from one node to another: chunks go through the uplink of one, travel, and go through the downlink of the other, in order. */
export class Pipe<Stream> {
  readonly #waiting: Chunk<Stream>[] = [];
  readonly #arrived: Chunk<Stream>[] = [];
  readonly #up: Flow;
  readonly #down: Flow;
  #leaving: Chunk<Stream> | undefined;
  #entering: Chunk<Stream> | undefined;
  #windowBytes = PIPE_WINDOW_BYTES;
  #isClosed = false;

  constructor(
    private readonly queue: EventQueue,
    private readonly network: Network,
    private readonly from: Host,
    private readonly to: Host,
    private readonly ends: PipeEnds<Stream>,
  ) {
    this.#up = { finish: 0, order: 0, position: -1, served: () => this.#left() };
    this.#down = { finish: 0, order: 0, position: -1, served: () => this.#entered() };
  }

  send(chunk: Chunk<Stream>): void {
    this.#waiting.push(chunk);
    this.#leave();
  }

  /** Nobody wants this stream any more: what has not left stays. */
  forget(stream: Stream): void {
    for (let i = this.#waiting.length - 1; i >= 0; i -= 1) if (this.#waiting[i]!.stream === stream) this.#waiting.splice(i, 1);
    if (this.#leaving?.stream !== stream) return;
    this.#dropLeaving();
    this.#leave();
  }

  /** Everything that is under way is lost. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#dropLeaving();
    this.to.downlink.cancel(this.#down);
    for (const chunk of [this.#entering, ...this.#arrived]) if (chunk !== undefined) this.#lose(chunk.bytes);
    this.#entering = undefined;
    this.#arrived.length = 0;
  }

  #leave(): void {
    const next = this.#waiting[0];
    if (this.#leaving !== undefined || next === undefined || this.from.isSilent) return;
    if (next.bytes > this.#windowBytes && this.#windowBytes < PIPE_WINDOW_BYTES) return;
    this.#waiting.shift();
    this.#leaving = next;
    this.#windowBytes -= next.bytes;
    this.from.uplink.begin(this.#up, next.bytes);
  }

  #left(): void {
    const chunk = this.#leaving!;
    this.#leaving = undefined;
    this.from.sentBytes += chunk.bytes;
    this.network.sentBytes += chunk.bytes;
    this.network.flyingBytes += chunk.bytes;
    const arrivalUs = this.ends.arrivalUs();
    if (arrivalUs === Number.POSITIVE_INFINITY) this.#lose(chunk.bytes);
    else this.queue.at(arrivalUs, () => this.#arrive(chunk));
    this.ends.sent(chunk);
    this.#leave();
  }

  #dropLeaving(): void {
    const chunk = this.#leaving;
    if (chunk === undefined) return;
    const sentBytes = chunk.bytes - this.from.uplink.cancel(this.#up);
    this.from.sentBytes += sentBytes;
    this.network.sentBytes += sentBytes;
    this.network.lostBytes += sentBytes;
    this.#windowBytes += chunk.bytes;
    this.#leaving = undefined;
  }

  #arrive(chunk: Chunk<Stream>): void {
    if (this.#isClosed) {
      this.#lose(chunk.bytes);
      return;
    }
    this.#arrived.push(chunk);
    this.#enter();
  }

  #enter(): void {
    if (this.#entering !== undefined) return;
    this.#entering = this.#arrived.shift();
    if (this.#entering !== undefined) this.to.downlink.begin(this.#down, this.#entering.bytes);
  }

  #entered(): void {
    const chunk = this.#entering!;
    this.#entering = undefined;
    this.network.flyingBytes -= chunk.bytes;
    this.network.deliveredBytes += chunk.bytes;
    this.to.receivedBytes += chunk.bytes;
    this.#windowBytes += chunk.bytes;
    this.ends.received(chunk);
    this.#enter();
    this.#leave();
  }

  #lose(bytes: number): void {
    this.network.flyingBytes -= bytes;
    this.network.lostBytes += bytes;
  }
}
