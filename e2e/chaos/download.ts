import { expect } from "vitest";
import type { JsonEvent, RunningProcess } from "../processes.js";
import { wrongBytes } from "./wrong-bytes.js";
import type { World } from "./world.js";

const DONE_MAX_MS = 180_000;

/** A `peer download --json` whose result is held against the original. */
export class Download {
  readonly process: RunningProcess;
  readonly #output: string;
  readonly #original: string;
  readonly #world: Pick<World, "lostBytes" | "failedDownloads">;

  /** `output` is where this process sees it. */
  constructor(process: RunningProcess, output: string, original: string, world: Pick<World, "lostBytes" | "failedDownloads">) {
    this.process = process;
    this.#output = output;
    this.#original = original;
    this.#world = world;
  }

  /** So far. */
  get verifiedBytes(): number {
    return Number(this.process.events.findLast(({ event }) => event === "progress")?.["verifiedBytes"] ?? 0);
  }

  /** Resolves as soon as so much is verified. */
  async whenVerified(bytes: number): Promise<void> {
    await this.process.waitForEvent("progress", (event) => Number(event["verifiedBytes"]) >= bytes, DONE_MAX_MS);
  }

  /** Its end with 0 and with the bytes of the original. @returns its last event. */
  async finish(): Promise<JsonEvent> {
    const { code } = await this.process.waitForExit(DONE_MAX_MS).catch((error: unknown) => {
      this.#world.failedDownloads += 1;
      throw error;
    });
    if (code !== 0) this.#world.failedDownloads += 1;
    expectSame(code, 0, this.process);
    const wrong = await wrongBytes(this.#output, this.#original);
    this.#world.lostBytes += wrong;
    expectSame(wrong, 0, this.process);
    return this.process.events.at(-1)!;
  }

  /** Its end with this exit code, for this reason, in one line. */
  async failsWith(code: number, reason: string): Promise<void> {
    await this.process.waitForExit(DONE_MAX_MS);
    const lines = this.process.stderr.filter((line) => !line.startsWith("{")).length;
    expectSame([this.process.exitCode, this.process.events.at(-1)?.["code"], lines], [code, reason, 1], this.process);
  }

  /** When the first piece was verified that was not there before; infinite if none was. As `performance.now()` counts. */
  firstPieceMs(): number {
    const events = this.process.stdout.map((line) => JSON.parse(line) as JsonEvent);
    const index = events.findIndex((event) => Number(event["verifiedBytes"]) > Number(event["resumedBytes"]));
    return this.process.stdoutMs[index] ?? Infinity;
  }

  /** The longest time, from `sinceMs` to its end, in which nothing more was verified. */
  longestPauseMs(sinceMs: number): number {
    let [verified, verifiedMs, longest] = [0, sinceMs, 0];
    for (const [index, line] of this.process.stdout.entries()) {
      const event = JSON.parse(line) as JsonEvent;
      const atMs = this.process.stdoutMs[index]!;
      const now = Number(event["verifiedBytes"] ?? Infinity);
      if (now <= verified) continue;
      verified = now;
      longest = Math.max(longest, atMs - verifiedMs);
      verifiedMs = Math.max(verifiedMs, atMs);
    }
    return longest;
  }
}

function expectSame(actual: unknown, expected: unknown, process: RunningProcess): void {
  expect(actual, process.transcript()).toEqual(expected);
}
