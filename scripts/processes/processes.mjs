import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endGroup } from "./process-group.mjs";

const GRACE_MS = 10_000;
const PARENT_LOOK_MS = 500;
const STDERR_LINES_MAX = 40;

/** A failure that a sentence explains; no stack is printed for it. */
export class Failure extends Error {}

/**
 * Runs `work` with an owner for every child that it starts, and then ends this process with the number that `work` returned, or with 1 if
 * it failed. Whatever happens - a failure, SIGINT, SIGTERM, SIGHUP, the end of the parent, even kill -9 - no child is left behind.
 */
export async function withProcesses(work) {
  const processes = new Processes();
  try {
    process.exitCode = (await work(processes)) ?? 0;
  } catch (error) {
    console.error(error instanceof Failure ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
  await processes.close();
}

class Processes {
  #children = new Set();
  #supervisor;
  #parentWatch;
  #stopping = false;

  constructor() {
    // Groups of their own, here and below: Ctrl-C reaches this process alone, which then ends its children in order.
    this.#supervisor = spawn(process.execPath, [fileURLToPath(new URL("supervisor.mjs", import.meta.url))], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#supervisor.stdin.on("error", () => {}); // Its end tells the same.
    this.#supervisor.once("exit", () => this.#stop("SIGTERM"));
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => this.#stop(signal));
    process.stdout.on("error", () => this.#stop("SIGPIPE"));
    // npm that is killed does not tell its children; they are given another parent.
    const parent = process.ppid;
    this.#parentWatch = setInterval(() => {
      if (process.ppid !== parent) this.#stop("SIGHUP");
    }, PARENT_LOOK_MS);
  }

  /** The process that lives until all children are gone: the one in whose name to hold a lock. */
  get holderPid() {
    return this.#supervisor.pid;
  }

  /**
   * Runs a command to its end, with its output on ours. Its input is closed.
   * @returns its exit code; a signal counts as 128 and its number.
   */
  async run(file, args, { cwd, env = {} } = {}) {
    const child = this.#spawn(file, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
    return exitCode(await this.#ended(child));
  }

  /** Runs a command to its end. @returns its exit code and what it printed. */
  async capture(file, args, { cwd, env = {} } = {}) {
    const child = this.#spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (output[name] += text));
    return { code: exitCode(await this.#ended(child)), ...output };
  }

  /**
   * Starts a command that goes on. `onLine` is called with each line of its stdout.
   * @returns `ended`, a promise of its exit code, `stderr`, its last lines, and `stop()`.
   */
  start(file, args, { env = {}, onLine }) {
    const child = this.#spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const stderr = [];
    createInterface({ input: child.stdout }).on("line", onLine);
    createInterface({ input: child.stderr }).on("line", (line) => {
      stderr.push(line);
      if (stderr.length > STDERR_LINES_MAX) stderr.shift();
    });
    const ended = this.#ended(child).then(exitCode);
    return { ended, stderr, stop: () => this.#end([child]) };
  }

  /** Ends all children, SIGTERM first and SIGKILL if that does not help. */
  async close() {
    await this.#end([...this.#children]);
    clearInterval(this.#parentWatch);
    this.#supervisor.removeAllListeners("exit");
    this.#supervisor.stdin.end();
  }

  #spawn(file, args, { cwd, env, stdio }) {
    const { NODE_ENV: _, ...inherited } = process.env; // "production" would change what tools install and test.
    const child = spawn(file, args, { cwd, env: { ...inherited, ...env }, stdio, detached: true });
    if (child.pid !== undefined) {
      this.#supervisor.stdin.write(`+${child.pid}\n`);
      this.#children.add(child);
    }
    return child;
  }

  async #ended(child) {
    try {
      return await once(child, "close");
    } catch (error) {
      throw new Failure(`${child.spawnfile} could not be started (${error.code}): is it installed and on the PATH?`, { cause: error });
    } finally {
      this.#children.delete(child);
      if (child.pid !== undefined) this.#supervisor.stdin.write(`-${child.pid}\n`);
      // Being stopped is not a failure of the work, which must not get to say so: this process is about to end.
      if (this.#stopping) await new Promise(() => {});
    }
  }

  async #stop(signal) {
    if (this.#stopping) for (const child of this.#children) endGroup(child.pid, "SIGKILL");
    if (this.#stopping) return;
    this.#stopping = true;
    console.error(`\nStopping (${signal})`);
    await this.close();
    process.exit(128 + constants.signals[signal]);
  }

  async #end(children) {
    const running = children.filter((child) => child.exitCode === null && child.signalCode === null);
    const ends = running.map((child) => once(child, "exit"));
    for (const child of running) endGroup(child.pid, "SIGTERM");
    const timer = setTimeout(() => {
      for (const child of running) endGroup(child.pid, "SIGKILL");
    }, GRACE_MS);
    await Promise.all(ends);
    clearTimeout(timer);
  }
}

const exitCode = ([code, signal]) => code ?? 128 + constants.signals[signal];
