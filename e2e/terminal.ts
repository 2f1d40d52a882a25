import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { stripVTControlCharacters } from "node:util";
import { appPath, childEnvironment } from "./processes.js";

const WAIT_TIMEOUT_MS = 20_000;
const CTRL_C = "\u0003";

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** `peer ARGS...` on a terminal of its own, 100 columns wide, as a person has it. */
export class PeerOnTerminal implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  readonly #changes = new EventEmitter();
  /** The terminal closes with it, which ends what runs there. */
  readonly #kill = (): void => void this.#child.kill("SIGKILL");
  #raw = "";
  #isOver = false;

  constructor(args: readonly string[], options: { readonly cwd?: string } = {}) {
    const command = [process.execPath, appPath("peer"), ...args].map(quote).join(" ");
    // `script` gives the command a pseudo-terminal and passes on its exit code.
    this.#child = spawn("script", ["--quiet", "--return", "--command", `stty cols 100; exec ${command}`, "/dev/null"], {
      cwd: options.cwd,
      env: childEnvironment({ TERM: "xterm" }),
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.#raw += text;
      this.#changes.emit("change");
    });
    this.#child.stdin!.on("error", () => {}); // It may end before it has read everything; its exit tells.
    process.once("exit", this.#kill);
    this.#exited = once(this.#child, "close").then(([code]: unknown[]) => {
      this.#isOver = true;
      process.removeListener("exit", this.#kill);
      this.#changes.emit("change");
      return code as number | null;
    });
  }

  /** What the terminal showed so far, without colours and movements. */
  get shown(): string {
    return stripVTControlCharacters(this.#raw).replaceAll("\r", "\n");
  }

  /** Waits until something like this was shown. */
  async waitFor(pattern: RegExp): Promise<RegExpMatchArray> {
    const signal = AbortSignal.timeout(WAIT_TIMEOUT_MS);
    for (;;) {
      const match = pattern.exec(this.shown);
      if (match !== null) return match;
      if (this.#isOver || signal.aborted) throw new Error(`waited for ${pattern}, which did not come\n${this.shown}`);
      await once(this.#changes, "change", { signal }).catch(() => {}); // Whatever the reason to look again.
    }
  }

  /** Types a line. */
  type(line: string): void {
    this.#child.stdin!.write(`${line}\r`);
  }

  /** Types each answer when its question is there. */
  async answer(dialogue: readonly (readonly [question: RegExp, answer: string])[]): Promise<void> {
    for (const [question, answer] of dialogue) {
      await this.waitFor(question);
      this.type(answer);
    }
  }

  pressCtrlC(): void {
    this.#child.stdin!.write(CTRL_C);
  }

  /** With which code it ended. */
  waitForExit(): Promise<number | null> {
    return this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#kill();
    await this.#exited;
  }
}
