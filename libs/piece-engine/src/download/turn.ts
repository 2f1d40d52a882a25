import type { DownloadCommand } from "./commands.js";

const NONE: readonly DownloadCommand[] = [];

/** One call of `handle`: what time it is, and what is to be done. All parts of one brain share it. */
export class Turn {
  #nowMs = 0;
  /** undefined as long as there are none, as after most events. */
  #commands: DownloadCommand[] | undefined;

  /** Never runs backwards, whatever the clock of the caller does. */
  get nowMs(): number {
    return this.#nowMs;
  }

  begin(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    this.#commands = undefined;
  }

  issue(command: DownloadCommand): void {
    (this.#commands ??= []).push(command);
  }

  get commands(): readonly DownloadCommand[] {
    return this.#commands ?? NONE;
  }
}
