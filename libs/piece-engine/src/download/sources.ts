import type { PeerRef } from "./events.js";
import type { Source } from "./source.js";

/** The connected peers, and whose turn it is to be asked first. */
export class Sources implements Iterable<Source> {
  readonly #byRef = new Map<PeerRef, Source>();
  #lastAsked: Source | undefined;

  get size(): number {
    return this.#byRef.size;
  }

  get(ref: PeerRef): Source | undefined {
    return this.#byRef.get(ref);
  }

  /** Whether it is still connected. */
  has(source: Source): boolean {
    return this.#byRef.get(source.peer.ref) === source;
  }

  add(source: Source): void {
    this.#byRef.set(source.peer.ref, source);
  }

  delete(source: Source): void {
    this.#byRef.delete(source.peer.ref);
  }

  [Symbol.iterator](): IterableIterator<Source> {
    return this.#byRef.values();
  }

  /** All of them, beginning after the one that was asked last, so that what is scarce goes round. */
  inTurn(): Source[] {
    const all = [...this.#byRef.values()];
    const next = this.#lastAsked === undefined ? 0 : all.indexOf(this.#lastAsked) + 1;
    return next === 0 ? all : [...all.slice(next), ...all.slice(0, next)];
  }

  asked(source: Source): void {
    this.#lastAsked = source;
  }
}
