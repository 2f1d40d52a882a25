import type { StreamWriter } from "@piecewise/rpc";

/** A stream of which the test says when it has room. */
export class FakeWriter<Message> implements StreamWriter<Message> {
  readonly messages: Message[] = [];
  headersSent = 0;
  /** How many more messages it takes before it is full. */
  room = Number.POSITIVE_INFINITY;
  /** Whether what it took stays with it until `drain`. */
  keeps = false;
  #waiting: (() => void)[] = [];

  sendHeaders(): void {
    this.headersSent += 1;
  }

  write(message: Message): boolean {
    this.messages.push(message);
    this.room -= 1;
    return this.room > 0;
  }

  drained(): Promise<void> {
    return this.room > 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  sent(): Promise<void> {
    return this.room > 0 && !this.keeps ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The transport has sent what it had. */
  drain(): void {
    this.room = Number.POSITIVE_INFINITY;
    this.keeps = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
