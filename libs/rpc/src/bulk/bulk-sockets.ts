import type { BulkSocket } from "./bulk-socket.js";

/** The connections of one channel while they last. */
export class BulkSockets {
  readonly #open = new Set<BulkSocket>();
  #isClosed = false;

  /** Whether a connection that is made now would have nobody to end it. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(socket: BulkSocket): void {
    this.#open.add(socket);
  }

  delete(socket: BulkSocket): void {
    this.#open.delete(socket);
  }

  /** The channel is closed: grpc-js leaves a connection open that has not got an answer yet, and goes on with one that it was about to make. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#open) socket.close();
  }
}
