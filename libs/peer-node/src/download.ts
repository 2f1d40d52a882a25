import type { DownloadEngine, DownloadEvent } from "@piecewise/piece-engine";
import { CommandRunner, type DownloadWorld, type Outcome } from "./command-runner.js";
import type { DownloadProgress } from "./peer-node.js";

/** How often progress is told. */
const PROGRESS_INTERVAL_MS = 200;

export interface DownloadRunOptions {
  readonly engine: DownloadEngine;
  readonly now: () => number;
  readonly world: DownloadWorld;
  /** Not aborted yet. */
  readonly signal: AbortSignal;
  readonly onProgress: ((progress: DownloadProgress) => void) | undefined;
}

/** One download in progress: the loop between the brain and its hands. */
export class Download {
  /** Resolves when every piece is stored; rejects with what ended the download otherwise. */
  readonly finished: Promise<void>;
  readonly #engine: DownloadEngine;
  readonly #runner: CommandRunner;
  readonly #now: () => number;
  readonly #waiting: { readonly event: DownloadEvent; readonly chunk: Uint8Array | undefined }[] = [];
  #running = false;
  #over = false;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;

  constructor({ engine, now, world, signal, onProgress }: DownloadRunOptions) {
    this.#engine = engine;
    this.#now = now;
    let settle!: (outcome: Outcome) => void;
    this.finished = new Promise((resolve, reject) => {
      settle = (outcome) => (outcome.ok ? resolve() : reject(outcome.error));
    });
    const progressTimer = onProgress && setInterval(() => onProgress(this.progress()), PROGRESS_INTERVAL_MS);
    const cancel = (): void => this.tell({ type: "cancelled" });
    this.#runner = new CommandRunner(
      world,
      (event, chunk) => this.tell(event, chunk),
      (outcome) => {
        this.#over = true;
        clearInterval(progressTimer);
        signal.removeEventListener("abort", cancel);
        if (outcome.ok) onProgress?.(this.progress());
        settle(outcome);
      },
    );
    signal.addEventListener("abort", cancel, { once: true });
  }

  start(): void {
    this.tell({ type: "started" });
  }

  progress(): DownloadProgress {
    return this.#engine.progress(this.#now());
  }

  /** Events that arise while commands run wait their turn: the brain sees one at a time, and its commands run whole before the next. */
  tell(event: DownloadEvent, chunk?: Uint8Array): void {
    this.#waiting.push({ event, chunk });
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#waiting.shift(); next !== undefined && !this.#over; next = this.#waiting.shift()) {
      for (const command of this.#engine.handle(next.event, this.#now())) this.#runner.run(command, next.chunk);
    }
    this.#running = false;
    this.#arm();
  }

  /** A timer that is due early enough stays, for most events put the next deadline off. */
  #arm(): void {
    if (this.#over) {
      clearTimeout(this.#timer);
      return this.#runner.close();
    }
    const { nextDeadlineMs } = this.#engine;
    if (nextDeadlineMs >= this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = nextDeadlineMs;
    this.#timer = setTimeout(() => this.#timeUp(), Math.max(0, nextDeadlineMs - this.#now()));
  }

  #timeUp(): void {
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    if (this.#engine.nextDeadlineMs > this.#now()) this.#arm();
    else this.tell({ type: "deadlineReached" });
  }
}
