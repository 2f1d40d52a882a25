import { createInterface, type Interface } from "node:readline";
import { CancelledError, displayText, UsageError } from "@piecewise/base";
import type { CommandContext } from "../host.js";

/** Makes of an answer what it means. @throws UsageError if it will not do; the message is shown. */
export type ParseAnswer<Value> = (answer: string) => Value;

/**
 * Asks questions, one line each. A person at a terminal is asked again after a wrong answer; from a pipe a wrong answer is an error.
 * Lines that come before their question wait for it.
 */
export class Dialogue implements Disposable {
  readonly isWithPerson: boolean;
  readonly #context: CommandContext;
  readonly #interface: Interface;
  readonly #lines: AsyncIterator<string>;
  readonly #stop = (): void => this.close();
  #isInputOpen = true;

  constructor(context: CommandContext) {
    const { stdin, stdout, stop } = context.host;
    this.#context = context;
    this.isWithPerson = stdin.isTTY === true;
    this.#interface = createInterface(
      this.isWithPerson ? { input: stdin, output: stdout, terminal: true, historySize: 0 } : { input: stdin, terminal: false },
    );
    // A question of readline would lose the lines that come between two of them; the iterator keeps them, and reads no further ahead than
    // it has room for.
    this.#lines = this.#interface[Symbol.asyncIterator]();
    // While readline reads from a terminal, Ctrl-C is a key, not a signal.
    this.#interface.on("SIGINT", () => stop.request());
    this.#interface.on("close", () => {
      this.#isInputOpen = false;
    });
    stop.signal.addEventListener("abort", this.#stop, { once: true });
  }

  /** @throws UsageError for a wrong answer from a pipe, and at the end of the input; CancelledError if the work is stopped meanwhile. */
  async ask<Value>(question: string, parse: ParseAnswer<Value>): Promise<Value> {
    for (;;) {
      const answer = await this.#readAnswer(question);
      try {
        return parse(answer);
      } catch (error) {
        if (!(error instanceof UsageError) || !this.isWithPerson) throw error;
        this.#context.output.result(error.message);
      }
    }
  }

  /** No more questions; idempotent. */
  close(): void {
    this.#context.host.stop.signal.removeEventListener("abort", this.#stop);
    this.#interface.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #readAnswer(question: string): Promise<string> {
    const { host, output } = this.#context;
    this.#show(question);
    const line = await this.#lines.next();
    // What is said next does not belong beside the question.
    if (line.done === true) host.stdout.write("\n");
    if (host.stop.signal.aborted) throw new CancelledError("interrupted before the last question");
    if (line.done === true) throw new UsageError("INVALID_ARGUMENT", output.messages.inputEnded);
    const answer = line.value.trim();
    // A terminal shows what is typed. Elsewhere the answer completes the line, so that a transcript reads like a dialogue.
    if (!this.isWithPerson) host.stdout.write(`${displayText(answer)}\n`);
    return answer;
  }

  /** The last line of the question is the prompt, which readline draws again as the answer is edited. */
  #show(question: string): void {
    const { stdout } = this.#context.host;
    if (!this.isWithPerson || !this.#isInputOpen) {
      stdout.write(question);
      return;
    }
    const promptStart = question.lastIndexOf("\n") + 1;
    stdout.write(question.slice(0, promptStart));
    this.#interface.setPrompt(question.slice(promptStart));
    this.#interface.prompt();
  }
}
