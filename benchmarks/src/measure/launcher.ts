import { fileURLToPath } from "node:url";
import type { ProcessOwner } from "../process-owner.js";
import type { Host } from "./network.js";
import { RunningProcess } from "./running-process.js";

const LAUNCH_SCRIPT = fileURLToPath(new URL("../../python/launch.py", import.meta.url));
/** Where there is no python3: the start is told, and the end is seen by the benchmark itself. */
const SHELL_LAUNCHER = ["sh", "-c", `echo "{\\"launcher\\":\\"started\\",\\"pid\\":$$}"; exec "$@"`, "sh"];
/** What the user has set for peers of their own or for all of Node, and proxies, which have no business here. */
const NOT_INHERITED = /^(PIECEWISE_|NODE_OPTIONS$|NODE_EXTRA_CA_CERTS$|(https?|all|grpc)_proxy$)/i;

/** Starts the processes of one measurement, and ends those that are left. */
export class Launcher implements AsyncDisposable {
  readonly #owner: ProcessOwner;
  readonly #python: string | undefined;
  readonly #running = new Set<RunningProcess>();

  constructor(owner: ProcessOwner, python: string | undefined) {
    this.#owner = owner;
    this.#python = python;
  }

  /** Resolves as soon as the command runs. */
  start(host: Host, command: readonly string[]): Promise<RunningProcess> {
    const launcher = this.#python === undefined ? SHELL_LAUNCHER : [this.#python, LAUNCH_SCRIPT];
    const [file, ...args] = [...host.enter, ...launcher, ...command] as [string, ...string[]];
    const env = Object.fromEntries(Object.keys(process.env).filter((name) => NOT_INHERITED.test(name)).map((name) => [name, undefined]));
    const running = new RunningProcess(command.join(" "), (onLine) => this.#owner.start(file, args, { env, onLine }));
    this.#running.add(running);
    const forget = (): boolean => this.#running.delete(running);
    void running.ended.then(forget, forget);
    return running.whenStarted();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopAll();
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.stop()));
  }
}
