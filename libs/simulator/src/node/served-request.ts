import type { ErrorCode } from "@piecewise/base";
import { PieceCursor, type RequestRef } from "@piecewise/piece-engine";
import type { Connection, PieceStream } from "./connection.js";
import type { UploadSide } from "./upload-side.js";

/** Messages of one stream that the transport takes before it says that it has enough, as the real one does. */
const MESSAGES_IN_TRANSPORT_MAX = 2;

/** One GetPiece call being answered: sends as much as it was told to, in order. */
export class ServedRequest {
  readonly #sending: PieceCursor;
  #offset: number;
  #remainingBytes: number;
  /** Sends that were allowed and not begun, in bytes. */
  readonly #allowed: number[] = [];
  #inTransport = 0;
  /** Bytes of the chunk for which the transport has no room yet. */
  #undrainedBytes = 0;
  #isOver = false;

  constructor(
    readonly ref: RequestRef,
    readonly connection: Connection,
    readonly stream: PieceStream,
    private readonly side: UploadSide,
  ) {
    this.#sending = new PieceCursor(stream.runs);
    this.#offset = stream.offset;
    this.#remainingBytes = stream.bytes;
  }

  grant(): void {
    if (!this.#isOver) this.connection.tellClient({ type: "streamGranted", stream: this.stream.ref });
  }

  send(bytesMax: number): void {
    if (this.#isOver || this.side.node.setup.behaviour === "stalls") return;
    this.#allowed.push(bytesMax);
    this.#pump();
  }

  /** One message has left the transport. */
  sent(): void {
    this.#inTransport -= 1;
    const isAllSent = this.#remainingBytes > 0 || this.#inTransport === 0;
    if (this.#isOver || this.#undrainedBytes === 0 || !isAllSent) return;
    this.#drained(this.#undrainedBytes);
    this.#pump();
  }

  /** Ends the call; with a code if it did not come to its end. */
  end(code?: ErrorCode, retryAfterMs?: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (code !== undefined) this.connection.tellClient({ type: "streamFailed", stream: this.stream.ref, code, retryAfterMs });
    // What was written and has not left goes no further: a stream that comes to its end has nothing left to send.
    this.connection.pipe.forget(this.stream);
    this.side.requestEnded(this);
  }

  #pump(): void {
    while (!this.#isOver && this.#undrainedBytes === 0 && this.#allowed.length > 0) this.#sendChunk(this.#allowed.shift()!);
  }

  #sendChunk(bytesMax: number): void {
    const { node } = this.side;
    const { piece } = this.#sending;
    const leftInPiece = node.disk.pieceBytes(piece) - this.#offset;
    const bytes = Math.min(bytesMax, leftInPiece, this.#remainingBytes);
    const isBad = node.setup.behaviour === "poisons";
    const chunk = { stream: this.stream, piece, offset: this.#offset, bytes, isBad, isLast: bytes === this.#remainingBytes };
    this.#remainingBytes -= bytes;
    this.#offset += bytes;
    if (bytes === leftInPiece) {
      this.#sending.next();
      this.#offset = 0;
    }
    this.#inTransport += 1;
    this.connection.pipe.send(chunk);
    // The last one counts only when it has left, and with it the slot is free.
    if (this.#remainingBytes > 0 && this.#inTransport < MESSAGES_IN_TRANSPORT_MAX) this.#drained(bytes);
    else this.#undrainedBytes = bytes;
  }

  #drained(bytes: number): void {
    this.#undrainedBytes = 0;
    // Asked before the brain is told: it may allow the last chunk at once, which has not left then.
    const wasLast = this.#remainingBytes === 0;
    this.side.tell({ type: "chunkDrained", request: this.ref, bytes });
    if (wasLast) this.end();
  }
}
