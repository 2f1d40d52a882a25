import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import { Duplex } from "node:stream";
import { BULK_WINDOW_BYTES } from "../message-limits.js";
import type { BulkConnection, BulkReader } from "./bulk-reader.js";
import type { BulkSockets } from "./bulk-sockets.js";
import { FrameScanner, type FrameSink } from "./http2-frames.js";
import { ReceiveWindows } from "./receive-windows.js";

const READ_BYTES = 512 * 1024;
/** Every connection reads into this, for what was read is taken out before the next read. */
let readBuffer: Buffer | undefined;

/**
 * A connection to a server of which HTTP/2 sees all but the DATA of streams that have a reader. The payload of a chunk crosses Node's
 * HTTP/2 and grpc-js in parts of 16 KiB, and each part costs more there than to receive, hash and write it; here it is one copy.
 */
export class BulkSocket extends Duplex implements FrameSink, BulkConnection {
  readonly #socket: Socket;
  readonly #scanner = new FrameScanner(this);
  readonly #windows = new ReceiveWindows(BULK_WINDOW_BYTES);
  readonly #readers = new Map<number, BulkReader>();

  private constructor(address: TcpNetConnectOpts) {
    super();
    readBuffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
    const buffer = readBuffer;
    const callback = (bytes: number): boolean => {
      this.#receive(buffer.subarray(0, bytes));
      return true;
    };
    this.#socket = connect({ ...address, onread: { buffer, callback } });
    this.#socket.on("error", (error) => this.destroy(error));
    this.#socket.on("end", () => this.push(null));
    this.#socket.on("close", () => this.destroy());
  }

  /**
   * Resolves when the connection is made; rejects with what kept it from being made. It is in `open` from its beginning to its end.
   */
  static connect(address: TcpNetConnectOpts, open: BulkSockets): Promise<BulkSocket> {
    if (open.isClosed) return Promise.reject(new Error("the channel was closed"));
    const bulk = new BulkSocket(address);
    open.add(bulk);
    bulk.#socket.once("close", () => open.delete(bulk));
    return new Promise((resolve, reject) => {
      bulk.once("error", reject);
      bulk.once("close", () => reject(new Error("the connection was closed")));
      bulk.#socket.once("connect", () => {
        bulk.removeAllListeners();
        resolve(bulk);
      });
    });
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  /** Ends the connection when what was written has gone out. */
  close(): void {
    this.#socket.destroySoon();
  }

  setNoDelay(noDelay?: boolean): this {
    this.#socket.setNoDelay(noDelay);
    return this;
  }

  /** From now on the reader gets the DATA of the stream. */
  attach(stream: number, reader: BulkReader): void {
    this.#readers.set(stream, reader);
    reader.attach(this, stream);
  }

  leave(stream: number): void {
    this.#readers.delete(stream);
    this.#windows.forget(stream);
  }

  credit(stream: number, bytes: number): void {
    if (this.destroyed) return;
    for (const frame of this.#windows.credit(stream, bytes)) this.#socket.write(frame);
  }

  wants(stream: number): boolean {
    return this.#readers.has(stream);
  }

  onDataFrame(stream: number, bytes: number): void {
    this.#windows.received(bytes);
    this.#readers.get(stream)?.received(bytes);
  }

  onData(stream: number, part: Buffer): void {
    this.#readers.get(stream)?.write(part);
  }

  onOther(bytes: Buffer): void {
    this.push(Buffer.from(bytes));
  }

  #receive(bytes: Buffer): void {
    if (this.destroyed) return;
    try {
      this.#scanner.write(bytes);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(bytes, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#readers.clear();
    this.#socket.destroy();
    done(error);
  }
}
