import type { MessageInitShape } from "@bufbuild/protobuf";
import { CancelledError, IntegrityError, PiecewiseError, type Logger } from "@piecewise/base";
import type { GetPieceResponseSchema } from "@piecewise/contract";
import { pieceBytesOf } from "@piecewise/manifest";
import { PieceCursor } from "@piecewise/piece-engine";
import { FramedChunk, type StreamWriter } from "@piecewise/rpc";
import type { LocalContent } from "./content-table.js";
import type { PieceSelection } from "./wire.js";

export type ChunkWriter = StreamWriter<MessageInitShape<typeof GetPieceResponseSchema>>;

/** What becomes of a transfer. */
export interface TransferListener {
  /** The transport took that many payload bytes. */
  drained(bytes: number): void;
  /** The stored piece no longer matches its hash. */
  damaged(piece: number): void;
  /** Called once: everything was sent, the caller left, or `error` says why not. */
  ended(error: PiecewiseError | undefined): void;
}

/** One GetPiece call being answered: reads and sends as much as it was told to, in order. */
export class Transfer {
  readonly #content: LocalContent;
  readonly #writer: ChunkWriter;
  readonly #listener: TransferListener;
  readonly #logger: Logger;
  readonly #sending: PieceCursor;
  #offset: number;
  #remainingBytes: number;
  #preparedPiece = -1;
  /** Sends that were allowed and not begun, in bytes. */
  readonly #allowed: number[] = [];
  #pumping = false;
  #over = false;

  constructor(content: LocalContent, selection: PieceSelection, writer: ChunkWriter, listener: TransferListener, logger: Logger) {
    this.#content = content;
    this.#writer = writer;
    this.#listener = listener;
    this.#logger = logger;
    this.#sending = new PieceCursor(selection.runs);
    this.#offset = selection.offset;
    this.#remainingBytes = selection.bytes;
  }

  grant(): void {
    if (!this.#over) this.#writer.sendHeaders();
  }

  send(bytesMax: number): void {
    this.#allowed.push(bytesMax);
    if (!this.#pumping) void this.#pump();
  }

  /** Ends the call: quietly, or with an error that the caller gets to see. */
  end(error?: PiecewiseError): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.ended(error);
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      for (let bytesMax = this.#allowed.shift(); bytesMax !== undefined && !this.#over; bytesMax = this.#allowed.shift()) {
        await this.#sendChunk(bytesMax);
      }
    } catch (error) {
      if (!(error instanceof PiecewiseError)) throw error;
      // The content is no longer served, and nor is this call.
      if (error instanceof CancelledError) return this.end(error);
      const { piece } = this.#sending;
      this.#logger.warn({ contentId: this.#content.contentId, piece, code: error.code }, error.message);
      if (!this.#content.source.held.has(piece)) this.#listener.damaged(piece);
      // What is wrong with our disk, and where things lie on it, is nobody else's business.
      this.end(new IntegrityError("PIECE_DAMAGED", "the stored piece cannot be read or no longer matches its hash", { cause: error }));
    } finally {
      this.#pumping = false;
    }
  }

  async #sendChunk(bytesMax: number): Promise<void> {
    const { source } = this.#content;
    const { piece } = this.#sending;
    if (this.#preparedPiece !== piece) {
      await source.prepare(piece);
      this.#preparedPiece = piece;
    }
    const leftInPiece = pieceBytesOf(source.manifest, piece) - this.#offset;
    const bytes = Math.min(bytesMax, leftInPiece, this.#remainingBytes);
    const chunk = new FramedChunk(piece, this.#offset, bytes);
    await source.read(piece, this.#offset, chunk.data);
    if (this.#over) return;
    const hasRoom = this.#writer.write(chunk);
    this.#content.sentBytes += bytes;
    this.#remainingBytes -= bytes;
    if (bytes === leftInPiece) {
      this.#sending.next();
      this.#offset = 0;
    } else {
      this.#offset += bytes;
    }
    // The last chunk counts when it has left, and the call is over then: whoever waits for the slot would only wait behind it.
    if (this.#remainingBytes === 0) await this.#writer.sent();
    else if (!hasRoom) await this.#writer.drained();
    if (this.#over) return;
    this.#listener.drained(bytes);
    if (this.#remainingBytes === 0) this.end();
  }
}
