import { assert, type Bitfield } from "@piecewise/base";
import type { CallerFacts } from "./events.js";
import { UPLOAD_CONTENTS_MAX } from "./upload-options.js";

/** A content that this process serves. */
export interface Content {
  readonly id: string;
  readonly held: Bitfield;
}

/** What is held of each content, and what of that is offered to whom. */
export class Contents {
  readonly #contents = new Map<string, Content>();
  readonly #sentBytes = new Map<string, number>();

  /** Bytes that went out, by content. */
  get sentBytes(): ReadonlyMap<string, number> {
    return this.#sentBytes;
  }

  get(id: string): Content | undefined {
    return this.#contents.get(id);
  }

  /** Adding a known content again changes nothing: `pieceStored` and `pieceLost` say what has changed. */
  add(id: string, held: Bitfield): void {
    if (this.#contents.has(id)) return;
    assert(this.#contents.size < UPLOAD_CONTENTS_MAX, `more than ${UPLOAD_CONTENTS_MAX} contents in one process`);
    this.#contents.set(id, { id, held: held.clone() });
    this.#sentBytes.set(id, 0);
  }

  remove(id: string): void {
    this.#contents.delete(id);
    this.#sentBytes.delete(id);
  }

  countSent(id: string, bytes: number): void {
    this.#sentBytes.set(id, (this.#sentBytes.get(id) ?? 0) + bytes);
  }

  /** What a caller may ask for: everything that is held. The one place to change when different callers are to be offered different pieces. */
  offeredTo(_caller: CallerFacts, content: Content): Bitfield {
    return content.held;
  }

  /** Whether every piece of a run is offered to the caller. */
  areOffered(caller: CallerFacts, content: Content, piece: number, pieceCount: number): boolean {
    const offered = this.offeredTo(caller, content);
    for (let i = piece; i < piece + pieceCount; i += 1) if (!offered.has(i)) return false;
    return true;
  }
}
