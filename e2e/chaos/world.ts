import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createPrng, type Prng } from "@piecewise/base";
import { type JsonEvent, type ProcessOptions, RunningProcess, appPath, startTracker } from "../processes.js";
import { openTempFolder, type TempFolder } from "../temp-folder.js";
import { writeTestFile } from "../test-files.js";
import { Download } from "./download.js";

export const KIB = 1024;
export const MIB = 1024 * KIB;
/** Of a tracker in these trials: a peer renews at a third of it. */
const LEASE_SECONDS = 6;

/** A peer that shares one path. */
export interface Seeder {
  readonly process: RunningProcess;
  readonly path: string;
  readonly address: string;
  readonly contentId: string;
  readonly link: string;
}

export interface Tracker {
  readonly process: RunningProcess;
  readonly address: string;
}

/** A process that is stopped would outlive tests that are killed: the kernel ends it with its parent. */
const BOUND = spawnSync("setpriv", ["--version"]).status === 0 ? ["setpriv", "--pdeathsig", "KILL"] : [];

const bound = (options: ProcessOptions = {}): ProcessOptions => ({ ...options, enter: [...BOUND, ...(options.enter ?? [])] });

/** One trial: its random numbers, its folder, its processes, none of which outlives it. */
export class World implements AsyncDisposable {
  readonly prng: Prng;
  /** More bytes, more faults. */
  readonly isLong: boolean;
  /** Bytes of finished downloads that are not those of the original. */
  lostBytes = 0;
  /** Downloads that ended otherwise than they should have. */
  failedDownloads = 0;
  readonly #folder: TempFolder;
  readonly #processes: RunningProcess[] = [];
  #files = 0;

  private constructor(seed: number, isLong: boolean, folder: TempFolder) {
    this.prng = createPrng(seed);
    this.isLong = isLong;
    this.#folder = folder;
  }

  static async open(seed: number, isLong: boolean): Promise<World> {
    return new World(seed, isLong, await openTempFolder());
  }

  /** A path in the folder of this trial that nothing else has. */
  newPath(name: string): string {
    return this.#folder.join(`${(this.#files += 1)}-${name}`);
  }

  /** A new file of random bytes. */
  async newFile(name: string, bytes: number): Promise<string> {
    const path = this.newPath(name);
    await writeTestFile(path, bytes, `${path}${this.prng.nextUint32()}`);
    return path;
  }

  async newFolder(name: string): Promise<string> {
    const path = this.newPath(name);
    await mkdir(path);
    return path;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.prng.below(most - least + 1);
  }

  /** A random moment within so many milliseconds from now. */
  async moment(withinMs: number): Promise<void> {
    await sleep(this.prng.below(withinMs + 1));
  }

  start(app: "tracker" | "peer", args: readonly string[], options?: ProcessOptions): RunningProcess {
    const process = new RunningProcess(appPath(app), args, bound(options));
    this.#processes.push(process);
    return process;
  }

  async startTracker(flags: readonly string[] = [], options?: ProcessOptions): Promise<Tracker> {
    const tracker = await startTracker(["--lease", String(LEASE_SECONDS), ...flags], bound(options));
    this.#processes.push(tracker.process);
    return tracker;
  }

  /** Resolves when it serves. */
  async startSeeder(path: string, trackers: readonly string[], flags: readonly string[] = [], options?: ProcessOptions): Promise<Seeder> {
    const process = this.start("peer", ["share", path, ...trackerFlags(trackers), "--json", ...flags], options);
    const { contentId, link } = (await process.waitForEvent("shared")) as JsonEvent & { contentId: string; link: string };
    const { address } = (await process.waitForEvent("serving")) as JsonEvent & { address: string };
    return { process, path, address, contentId, link };
  }

  /** Several that share the same path at the same rate. */
  startSeeders(count: number, path: string, trackers: readonly string[], flags: readonly string[] = []): Promise<Seeder[]> {
    return Promise.all(Array.from({ length: count }, () => this.startSeeder(path, trackers, flags)));
  }

  /** Starts a download of what lies at `original`. Without `output` it goes to a new place. */
  startDownload(what: string, original: string, flags: readonly string[], { output = this.newPath("copy"), root = "", ...options }: DownloadPlace = {}): Download {
    const process = this.start("peer", ["download", what, "--output", output, "--json", ...flags], options);
    return new Download(process, root + output, original, this);
  }

  /** Writes down what every process of this trial has printed. */
  async keepLogs(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    for (const [index, process] of this.#processes.entries()) await writeFile(join(folder, `${index}.log`), `${process.transcript()}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // One that is stopped would not hear anything else.
    for (const process of this.#processes) process.signal("SIGKILL");
    await Promise.all(this.#processes.map(({ exited }) => exited));
    await this.#folder[Symbol.asyncDispose]();
  }
}

export interface DownloadPlace extends ProcessOptions {
  readonly output?: string;
  /** Stands before `output` where this process sees it, if the download sees other mounts. */
  readonly root?: string;
}

export const trackerFlags = (trackers: readonly string[]): string[] => trackers.flatMap((tracker) => ["--tracker", tracker]);
