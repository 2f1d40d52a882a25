import { BenchFailure } from "../bench-failure.js";
import type { OwnedProcess } from "../process-owner.js";
import { nowMs } from "./clock.js";
import { processUsage, type Usage } from "./usage.js";

const LINES_SHOWN_MAX = 20;
const START_MAX_MS = 10_000;

/** How a command ended, and what it cost; without python3 its cost is not known. */
export interface Ended {
  readonly code: number;
  readonly endedMs: number;
  readonly usage: Usage | undefined;
}

/** A command that the launcher has started. Times are those of `nowMs`. */
export class RunningProcess {
  /** Resolves when it is gone and its output was read to the end. */
  readonly ended: Promise<Ended>;
  readonly #title: string;
  readonly #owned: OwnedProcess;
  readonly #lines: string[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #started: Promise<void>;
  #pid = 0;
  #startedMs = 0;
  #report: Ended | undefined;
  #isGone = false;
  #isStopped = false;

  /** `start` starts the command with a launcher before it, and calls its argument with each line of their stdout. */
  constructor(title: string, start: (onLine: (line: string) => void) => OwnedProcess) {
    this.#title = title;
    this.#owned = start((line) => this.#onLine(line));
    this.ended = this.#owned.ended.then((code) => {
      this.#isGone = true;
      for (const look of this.#watchers) look();
      return this.#report ?? { code, endedMs: nowMs(), usage: undefined };
    });
    this.#started = this.#waitFor(() => (this.#pid === 0 ? undefined : true), START_MAX_MS).then(() => {});
  }

  /** Resolves as soon as it has been started. */
  async whenStarted(): Promise<this> {
    await this.#started;
    return this;
  }

  get pid(): number {
    return this.#pid;
  }

  get startedMs(): number {
    return this.#startedMs;
  }

  /** What it has printed on stdout. */
  get output(): string {
    return this.#lines.join("\n");
  }

  get isOver(): boolean {
    return this.#isGone || this.#report !== undefined;
  }

  /** What it has cost so far, or in all if it has ended; undefined if that is not known. */
  async usage(): Promise<Usage | undefined> {
    return this.isOver ? (await this.ended).usage : processUsage(this.#pid);
  }

  /** The first line of its stdout for which `find` returns something, also one that was printed before. */
  waitForLine<Found>(find: (line: string) => Found | undefined, timeoutMs: number): Promise<Found> {
    let seen = 0;
    return this.#waitFor(() => {
      while (seen < this.#lines.length) {
        const found = find(this.#lines[seen]!);
        seen += 1;
        if (found !== undefined) return found;
      }
      return undefined;
    }, timeoutMs);
  }

  /** Its end, which is a failure unless it is with 0. */
  async waitForSuccess(timeoutMs: number): Promise<Ended> {
    const timer = setTimeout(() => void this.stop(), timeoutMs);
    const ended = await this.ended;
    clearTimeout(timer);
    if (ended.code !== 0) throw this.#failure(this.#isStopped ? `not done after ${timeoutMs / 1000} s` : `ended with code ${ended.code}`);
    return ended;
  }

  /** Fails when it ends, however it does. */
  async rejectWhenEnded(): Promise<never> {
    const { code } = await this.ended;
    throw this.#failure(`ended with code ${code}`);
  }

  /** SIGKILL to the command alone: its launcher still says what it cost. */
  kill(): void {
    if (!this.isOver) process.kill(this.#pid, "SIGKILL");
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#owned.stop();
    await this.ended;
  }

  #waitFor<Found>(look: () => Found | undefined, timeoutMs: number): Promise<Found> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        outcome();
      };
      const watcher = (): void => {
        const found = look();
        if (found !== undefined) settle(() => resolve(found));
        else if (this.#isGone) settle(() => reject(this.#failure(`ended with code ${this.#report?.code ?? "unknown"}`)));
      };
      const timer = setTimeout(() => settle(() => reject(this.#failure(`not ready after ${timeoutMs / 1000} s`))), timeoutMs);
      this.#watchers.add(watcher);
      watcher();
    });
  }

  #onLine(line: string): void {
    if (line.startsWith('{"launcher"')) this.#onReport(JSON.parse(line));
    else this.#lines.push(line);
    for (const look of this.#watchers) look();
  }

  #onReport(report: LauncherReport): void {
    if (report.launcher === "started") {
      this.#pid = report.pid;
      this.#startedMs = report.startedNs === undefined ? nowMs() : report.startedNs / 1e6;
    } else {
      const { code, endedNs, cpuSeconds, rssBytes } = report;
      this.#report = { code, endedMs: endedNs / 1e6, usage: { cpuSeconds, rssBytes } };
    }
  }

  #failure(what: string): BenchFailure {
    return new BenchFailure([`${this.#title}: ${what}`, ...this.#lines.slice(-LINES_SHOWN_MAX), ...this.#owned.stderr].join("\n"));
  }
}

type LauncherReport =
  | { readonly launcher: "started"; readonly pid: number; readonly startedNs?: number }
  | { readonly launcher: "ended"; readonly endedNs: number; readonly code: number; readonly cpuSeconds: number; readonly rssBytes: number };
