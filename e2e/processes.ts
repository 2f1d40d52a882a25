import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const WAIT_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;
/** What would make a test depend on whose machine it runs on. */
const NOT_INHERITED = /^(PIECEWISE_|LC_|LANG|https?_proxy$|all_proxy$|grpc_proxy$|NODE_OPTIONS$|VITEST)/i;

/** One line of `--json`. */
export interface JsonEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** How a process ended: exactly one of the two is set. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessOptions {
  readonly cwd?: string | undefined;
  /** Added to the environment, which is that of the tests without PIECEWISE_*, locale and proxies; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** What stdin says before it ends; "open" leaves it open for `writeLine`. Default: closed. */
  readonly input?: string | undefined;
  /** What stands before the command and then becomes it, such as `nsenter` with its flags. */
  readonly enter?: readonly string[] | undefined;
}

/** The built binary, as npm links it. */
export const appPath = (app: "tracker" | "peer"): string => fileURLToPath(new URL(`../apps/${app}/bin/${app}.cjs`, import.meta.url));

/** A child of this test that never outlives it: `await using`, or `stop()`. */
export class RunningProcess implements AsyncDisposable {
  readonly pid: number;
  /** All lines of stdout so far. */
  readonly stdout: string[] = [];
  /** When each of these came, as `performance.now()` counts. */
  readonly stdoutMs: number[] = [];
  /** All lines of stderr so far. */
  readonly stderr: string[] = [];
  /** Resolves when the process is gone and its output was read to the end. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #title: string;
  readonly #watchers = new Set<() => void>();
  #exit: Exit | undefined;

  constructor(file: string, args: readonly string[], options: ProcessOptions = {}) {
    this.#title = [file.split("/").at(-1), ...args].join(" ");
    const [command, ...words] = [...(options.enter ?? []), process.execPath, file, ...args] as [string, ...string[]];
    const child = spawn(command, words, {
      cwd: options.cwd,
      env: childEnvironment(options.env),
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    if (child.pid === undefined) throw new Error(`${this.#title}: could not be started`);
    this.#child = child;
    this.pid = child.pid;
    if (options.input !== undefined && options.input !== "open") child.stdin!.end(options.input);
    child.stdin?.on("error", () => this.#notify()); // It may end before it has read everything; its exit tells.

    this.#collect(child.stdout!, (line) => {
      this.stdout.push(line);
      this.stdoutMs.push(performance.now());
    });
    this.#collect(child.stderr!, (line) => this.stderr.push(line));
    this.exited = once(child, "close").then(([code, signal]: unknown[]) => {
      runningChildren.delete(child);
      this.#exit = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      this.#notify();
      return this.#exit;
    });
    runningChildren.add(child);
  }

  /** Undefined while it runs, null if a signal ended it. */
  get exitCode(): number | null | undefined {
    return this.#exit?.code;
  }

  /** The lines of stdout that are JSON events. */
  get events(): JsonEvent[] {
    return this.stdout.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as JsonEvent);
  }

  /** The first line of stdout that matches, also one that was printed before. Fails if the process ends without it. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray> {
    return this.#waitFor(`a line like ${pattern}`, () => firstMatch(this.stdout, pattern), timeoutMs);
  }

  /** The same for stderr. */
  waitForErrorLine(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray> {
    return this.#waitFor(`a line on stderr like ${pattern}`, () => firstMatch(this.stderr, pattern), timeoutMs);
  }

  /** The first JSON event of that name for which `accepts` is true, also one that was printed before. */
  waitForEvent(name: string, accepts: (event: JsonEvent) => boolean = () => true, timeoutMs?: number): Promise<JsonEvent> {
    const find = (): JsonEvent | undefined => this.events.find((event) => event.event === name && accepts(event));
    return this.#waitFor(`an event "${name}"`, find, timeoutMs);
  }

  /** How it ended; fails, with what it printed, if it does not in time. */
  waitForExit(timeoutMs?: number): Promise<Exit> {
    return this.#waitFor("its end", () => this.#exit, timeoutMs);
  }

  writeLine(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  endInput(): void {
    this.#child.stdin!.end();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, and SIGKILL if that does not help in time. Resolves when it is gone. */
  async stop(): Promise<Exit> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), STOP_TIMEOUT_MS);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** What it printed, for the message of a failed expectation. */
  transcript(): string {
    return [`$ ${this.#title}`, ...this.stdout, ...this.stderr.map((line) => `stderr: ${line}`)].join("\n");
  }

  #waitFor<Found>(what: string, find: () => Found | undefined, timeoutMs = WAIT_TIMEOUT_MS): Promise<Found> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        outcome();
      };
      const giveUp = (why: string): void => settle(() => reject(new Error(`waited for ${what}, but ${why}\n${this.transcript()}`)));
      const look = (): void => {
        const found = find();
        if (found !== undefined) settle(() => resolve(found));
        else if (this.#exit !== undefined) giveUp(`it ended with ${this.#exit.signal ?? `code ${this.#exit.code}`}`);
      };
      const timer = setTimeout(() => giveUp(`not within ${timeoutMs} ms`), timeoutMs);
      this.#watchers.add(look);
      look();
    });
  }

  #collect(stream: NodeJS.ReadableStream, keep: (line: string) => void): void {
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
      keep(line);
      this.#notify();
    });
  }

  #notify(): void {
    for (const look of this.#watchers) look();
  }
}

export interface RunningTracker extends AsyncDisposable {
  readonly process: RunningProcess;
  /** `host:port`. */
  readonly address: string;
}

/** Starts a tracker; on a free port of loopback unless the flags say otherwise. Resolves when it listens. */
export async function startTracker(flags: readonly string[] = [], options?: ProcessOptions): Promise<RunningTracker> {
  const listen = flags.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
  const tracker = new RunningProcess(appPath("tracker"), [...listen, ...flags], options);
  try {
    const [, address] = await tracker.waitForLine(/^tracker listening on (\S+)$/);
    return { process: tracker, address: address!, [Symbol.asyncDispose]: () => tracker[Symbol.asyncDispose]() };
  } catch (error) {
    await tracker.stop();
    throw error;
  }
}

/** Starts `peer ARGS...`. */
export const startPeer = (args: readonly string[], options?: ProcessOptions): RunningProcess => new RunningProcess(appPath("peer"), args, options);

/** Runs `peer ARGS...` to its end; `exitCode` of the result says how it went. */
export async function runPeer(args: readonly string[], options?: ProcessOptions & { readonly timeoutMs?: number }): Promise<RunningProcess> {
  const peer = startPeer(args, options);
  try {
    await peer.waitForExit(options?.timeoutMs);
    return peer;
  } catch (error) {
    peer.signal("SIGKILL");
    throw error;
  }
}

/** Whether there is a process of that id that is more than the remains of a dead one. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

// A worker of the test runner that exits in the middle of a test must not leave processes behind.
const runningChildren = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of runningChildren) child.kill("SIGKILL");
});

/** What a child sees of the environment. */
export function childEnvironment(changes: ProcessOptions["env"] = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  const all = { ...Object.fromEntries(inherited), LANG: "C.UTF-8", ...changes };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function firstMatch(lines: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  return undefined;
}
