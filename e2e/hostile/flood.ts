import type { ClientReadableStream, StatusObject } from "@grpc/grpc-js";
import { type Message, refusalOf } from "../plain-grpc.js";

/** What has become of many calls or connections. */
export interface FloodReport {
  /** Open and, for calls, answered. */
  readonly open: number;
  /** By reason; of a refusal without one, by its code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Refusals for want of room that do not say why, or when to come back. */
  readonly unexplained: number;
  /** Nothing was heard of them yet. */
  readonly waiting: number;
}

const RESOURCE_EXHAUSTED = 8;

/** Counts calls and connections of an attack, and tells when something was heard of each. */
export class Flood {
  readonly #refused = new Map<string, number>();
  #open = 0;
  #unexplained = 0;
  #waiting = 0;

  report(): FloodReport {
    return { open: this.#open, refused: Object.fromEntries(this.#refused), unexplained: this.#unexplained, waiting: this.#waiting };
  }

  /** A call or connection has begun; exactly one of the two others follows. */
  started(): void {
    this.#waiting += 1;
  }

  opened(): void {
    this.#waiting -= 1;
    this.#open += 1;
  }

  refused(reason: string, wasOpen: boolean): void {
    if (wasOpen) this.#open -= 1;
    else this.#waiting -= 1;
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  ended(status: Pick<StatusObject, "code" | "details" | "metadata">, wasOpen: boolean): void {
    const { code, reason, hasRetryInfo } = refusalOf(status);
    if (code === RESOURCE_EXHAUSTED && (reason === undefined || !hasRetryInfo)) this.#unexplained += 1;
    this.refused(reason ?? `code ${code}`, wasOpen);
  }

  /** Follows a stream that is read no further than its first word; `isHeard` says which event that is. */
  follow(stream: ClientReadableStream<Message>, firstWord: "metadata" | "data"): void {
    this.started();
    let isOpen = false;
    stream.once(firstWord, () => {
      isOpen = true;
      this.opened();
      stream.pause();
    });
    stream.on("error", () => {}); // Its status says the same, and comes also with a good end.
    stream.once("status", (status: StatusObject) => this.ended(status, isOpen));
  }
}
