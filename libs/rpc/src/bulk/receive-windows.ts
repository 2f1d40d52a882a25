import { windowUpdate } from "./http2-frames.js";

const CONNECTION = 0;

/**
 * Keeps the windows of a connection and its streams open: says when which update is due. Updates are put together until a part of the
 * window is used up, for each costs the sender as much as many bytes.
 */
export class ReceiveWindows {
  readonly #bytesMax: number;
  readonly #updateBytes: number;
  readonly #credits = new Map<number, number>();
  #outstanding = 0;

  /** `bytesMax`: what may be on its way before anything is credited, on the connection as on each stream. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#updateBytes = bytesMax / 4;
  }

  /** Throws if the sender sends more than it may. */
  received(bytes: number): void {
    this.#outstanding += bytes;
    if (this.#outstanding > this.#bytesMax) throw new Error("more bytes than the window of the connection allows");
  }

  /** @returns the frames to be sent now. */
  credit(stream: number, bytes: number): Buffer[] {
    const due: Buffer[] = [];
    for (const of of [CONNECTION, stream]) {
      const credits = (this.#credits.get(of) ?? 0) + bytes;
      if (credits < this.#updateBytes) {
        this.#credits.set(of, credits);
        continue;
      }
      this.#credits.delete(of);
      if (of === CONNECTION) this.#outstanding -= credits;
      due.push(windowUpdate(of, credits));
    }
    return due;
  }

  forget(stream: number): void {
    this.#credits.delete(stream);
  }
}
