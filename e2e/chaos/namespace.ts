import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const run = promisify(execFile);
const isFine = (file: string, args: readonly string[]): boolean => spawnSync(file, args, { stdio: "ignore" }).status === 0;

/** Mounts, or a network, that nobody else sees and that are gone as soon as no process of the trial is left, however it ends. */
export class Namespace implements AsyncDisposable {
  readonly pid: number;
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
    this.pid = holder.pid!;
  }

  /** Whether this user may make any, and the tools (iproute2, util-linux) are there. */
  static isPossible(): boolean {
    return isFine("unshare", ["--mount", "--net", "ip", "link", "add", "type", "veth"]) && isFine("nsenter", ["--version"]);
  }

  static async open(): Promise<Namespace> {
    // It ends with its input, which ends with this process.
    const holder = spawn("unshare", ["--mount", "--propagation", "private", "--net", "sh", "-c", "ip link set lo up && echo ready && exec cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const namespace = new Namespace(holder);
    await Promise.race([once(holder.stdout, "data"), once(holder, "exit").then(() => Promise.reject(new Error("no namespace could be made")))]);
    return namespace;
  }

  /** What stands before a command that sees these mounts. */
  get enterMounts(): readonly string[] {
    return ["nsenter", `--mount=/proc/${this.pid}/ns/mnt`];
  }

  /** What stands before a command that sees this network. */
  get enterNetwork(): readonly string[] {
    return ["nsenter", `--net=/proc/${this.pid}/ns/net`];
  }

  /** Where this process sees these mounts. */
  get root(): string {
    return `/proc/${this.pid}/root`;
  }

  /** Runs a command that sees both. */
  async run(file: string, ...args: readonly string[]): Promise<void> {
    const [enter, ...rest] = [...this.enterMounts, `--net=/proc/${this.pid}/ns/net`, file, ...args] as [string, ...string[]];
    await run(enter, rest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#holder, "exit");
    this.#holder.stdin!.end();
    await ended;
  }
}
