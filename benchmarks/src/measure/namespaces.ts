import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { BenchFailure } from "../bench-failure.js";
import type { ProcessOwner } from "../process-owner.js";
import { isAlive, OWNED_NAME } from "./owned-name.js";

/** Where iproute2 keeps them. */
const NAMESPACES_FOLDER = "/run/netns";

/** Network namespaces of this process. They are removed when it ends; one that was killed leaves them to the next. */
export class Namespaces {
  /** Starts what belongs to a network. */
  readonly owner: ProcessOwner;
  readonly #names = new Set<string>();
  #made = 0;
  #hasNetem = false;

  private constructor(owner: ProcessOwner) {
    this.owner = owner;
    process.on("exit", () => {
      for (const name of this.#names) spawnSync("ip", ["netns", "delete", name]);
    });
  }

  /** Undefined where this user may not make any, or the tools (iproute2, util-linux) are missing. */
  static async open(owner: ProcessOwner): Promise<Namespaces | undefined> {
    const namespaces = new Namespaces(owner);
    try {
      await namespaces.#removeLeftovers();
      const trial = await namespaces.add();
      const [enter, ...where] = enterNamespace(trial);
      await namespaces.run(enter, [...where, "tc", "qdisc", "show"]);
      namespaces.#hasNetem = await namespaces.run("tc", ["-n", trial, "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"]).then(
        () => true,
        () => false,
      );
      await namespaces.remove([trial]);
      return namespaces;
    } catch {
      return undefined;
    }
  }

  /** Whether this kernel can delay packets. */
  get hasNetem(): boolean {
    return this.#hasNetem;
  }

  /** @returns the name of a new one. */
  async add(): Promise<string> {
    const name = `piecewise-bench-${process.pid}-${(this.#made += 1)}`;
    this.#names.add(name);
    await this.ip("netns", "add", name);
    return name;
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.ip("netns", "delete", name);
      this.#names.delete(name);
    }
  }

  /** `ip` of iproute2. @returns what it prints. */
  ip(...args: readonly string[]): Promise<string> {
    return this.run("ip", args);
  }

  async run(file: string, args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.owner.capture(file, args);
    if (code !== 0) throw new BenchFailure(`${[file, ...args].join(" ")}: ${stderr.trim()}`);
    return stdout;
  }

  async #removeLeftovers(): Promise<void> {
    for (const name of existsSync(NAMESPACES_FOLDER) ? readdirSync(NAMESPACES_FOLDER) : []) {
      const pid = OWNED_NAME.exec(name)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) await this.ip("netns", "delete", name);
    }
  }
}

/** What stands before a command that runs in the namespace; unlike `ip netns exec` it leaves the view of the file system alone. */
export const enterNamespace = (name: string): readonly [string, string] => ["nsenter", `--net=${NAMESPACES_FOLDER}/${name}`];
