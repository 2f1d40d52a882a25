import { BULK_MESSAGE_BYTES_MAX } from "../message-limits.js";
import { FRAME_PREFIX_BYTES, FrameAssembler } from "../frame-assembler.js";
import { UnreadBytes } from "./unread-bytes.js";

/**
 * Messages of one stream that wait for `resume`: of the usual size as many as its window holds. What comes behind them waits as it came, for
 * a small message takes many times the room of its bytes.
 */
export const WAITING_MESSAGES_MAX = 64;
/** Of what waits as it came, so many bytes are looked at together. */
const READ_BYTES = 16_384;

/** What a reader needs of its connection. */
export interface BulkConnection {
  /** So many bytes that came may come again. */
  credit(stream: number, bytes: number): void;
  /** Nothing more of this stream is wanted. */
  leave(stream: number): void;
}

export interface BulkReaderEvents {
  /** A message, without what gRPC puts in front of it, in memory of its own. */
  onMessage(bytes: Buffer): void;
  /** What came is not what it should be; `what` says it. */
  onBroken(what: string): void;
}

/** Reads the messages of one stream straight from its connection. */
export class BulkReader {
  readonly #events: BulkReaderEvents;
  readonly #assembler = new FrameAssembler(BULK_MESSAGE_BYTES_MAX);
  #waiting: Buffer[] = [];
  readonly #unread = new UnreadBytes();
  #connection: BulkConnection | undefined;
  #stream = 0;
  #isOpen = false;
  #isPaused = false;
  #bytesNotCredited = 0;

  constructor(events: BulkReaderEvents) {
    this.#events = events;
  }

  /** Whether messages wait for `resume`. */
  get hasMessages(): boolean {
    return this.#waiting.length > 0 || this.#unread.length > 0;
  }

  attach(connection: BulkConnection, stream: number): void {
    this.#connection = connection;
    this.#stream = stream;
  }

  /** Messages that come before this wait. */
  open(): void {
    this.#isOpen = true;
    this.#deliver();
  }

  /** What the sender may send meanwhile is bounded by its windows, which are not opened again before `resume`. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#deliver();
  }

  #deliver(): void {
    // The listener may pause or close with every message.
    while (!this.#holds && this.hasMessages) {
      const message = this.#waiting.shift();
      if (message === undefined) this.#read(this.#unread.take(READ_BYTES));
      else this.#events.onMessage(message);
    }
    if (this.#holds) return;
    this.#credit(this.#bytesNotCredited);
    this.#bytesNotCredited = 0;
  }

  /** Nothing more is wanted. */
  close(): void {
    this.#waiting = [];
    this.#unread.clear();
    this.#credit(this.#bytesNotCredited);
    this.#connection?.leave(this.#stream);
    this.#connection = undefined;
  }

  /** For the connection: a frame of so many bytes begins to arrive. */
  received(bytes: number): void {
    if (this.#holds) this.#bytesNotCredited += bytes;
    else this.#credit(bytes);
  }

  /** For the connection: a part of the stream's bytes. */
  write(part: Buffer): void {
    if (this.#waiting.length >= WAITING_MESSAGES_MAX || this.#unread.length > 0) this.#unread.append(part);
    else this.#read(part);
  }

  #read(part: Buffer): void {
    let frames: Buffer[];
    try {
      frames = this.#assembler.write(part);
    } catch (error) {
      this.#events.onBroken((error as Error).message);
      return;
    }
    for (const frame of frames) {
      if (frame[0] !== 0) {
        this.#events.onBroken("a compressed message, which was not asked for");
        return;
      }
      const message = frame.subarray(FRAME_PREFIX_BYTES);
      if (this.#holds) this.#waiting.push(message);
      else this.#events.onMessage(message);
    }
  }

  get #holds(): boolean {
    return this.#isPaused || !this.#isOpen;
  }

  #credit(bytes: number): void {
    if (bytes > 0) this.#connection?.credit(this.#stream, bytes);
  }
}
