import type { UploadCommand } from "./commands.js";

/** Callers that a process watches at a time, of all contents together: a sample is enough to see what is passed on. */
export const CALLER_WATCHES_MAX = 32;

interface Wanted {
  readonly content: string;
  readonly address: string;
  /** A watch that ended is not begun again. */
  state: "waiting" | "watched" | "over";
}

/** Which callers are watched: the first that came, and others in the place of those that cannot be watched. */
export class CallerWatches {
  readonly #wanted = new Map<string, Wanted>();
  #watched = 0;

  constructor(private readonly onCommand: (command: UploadCommand) => void) {}

  /** What the caller there offers should be known. */
  want(content: string, address: string): void {
    const key = keyOf(content, address);
    if (this.#wanted.has(key)) return;
    this.#wanted.set(key, { content, address, state: "waiting" });
    this.#fill();
  }

  /** It is not of interest any more. */
  drop(content: string, address: string): void {
    const key = keyOf(content, address);
    const wanted = this.#wanted.get(key);
    if (wanted === undefined) return;
    this.#wanted.delete(key);
    if (wanted.state !== "watched") return;
    this.onCommand({ type: "unwatchCaller", content, address });
    this.#watched -= 1;
    this.#fill();
  }

  dropAll(content: string): void {
    for (const wanted of this.#wanted.values()) if (wanted.content === content) this.drop(content, wanted.address);
  }

  /** The watch ended. */
  lost(content: string, address: string): void {
    const wanted = this.#wanted.get(keyOf(content, address));
    if (wanted?.state !== "watched") return;
    wanted.state = "over";
    this.#watched -= 1;
    this.#fill();
  }

  #fill(): void {
    for (const wanted of this.#wanted.values()) {
      if (this.#watched >= CALLER_WATCHES_MAX) return;
      if (wanted.state !== "waiting") continue;
      wanted.state = "watched";
      this.#watched += 1;
      this.onCommand({ type: "watchCaller", content: wanted.content, address: wanted.address });
    }
  }
}

const keyOf = (content: string, address: string): string => `${content} ${address}`;
