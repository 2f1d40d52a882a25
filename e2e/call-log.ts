import type { Message } from "./plain-grpc.js";

const WAIT_TIMEOUT_MS = 15_000;

/** A call that a server of the tests got. */
export interface LoggedCall {
  readonly method: string;
  readonly request: Message;
}

/** What a server of the tests was asked, in order. */
export class CallLog {
  readonly #calls: LoggedCall[] = [];
  readonly #lookers = new Set<() => void>();

  /** Hears of each call as it comes. */
  onCall: ((method: string) => void) | undefined;

  add(method: string, request: Message): void {
    this.#calls.push({ method, request });
    this.onCall?.(method);
    for (const look of this.#lookers) look();
  }

  /** The requests of one method so far. */
  of(method: string): Message[] {
    return this.#calls.filter((call) => call.method === method).map(({ request }) => request);
  }

  /** Resolves when there are that many calls of a method which `accepts`, with the last of them; earlier ones count. */
  waitFor(method: string, count = 1, accepts: (request: Message) => boolean = () => true): Promise<Message> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.of(method).filter((request) => accepts(request))[count - 1];
        if (found === undefined) return;
        clearTimeout(timer);
        this.#lookers.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#lookers.delete(look);
        const lines = this.#calls.map((call) => `${call.method} ${JSON.stringify(call.request).slice(0, 200)}`);
        reject(new Error(`waited ${WAIT_TIMEOUT_MS} ms for call ${count} of ${method}; there were\n${lines.join("\n")}`));
      }, WAIT_TIMEOUT_MS);
      this.#lookers.add(look);
      look();
    });
  }
}
