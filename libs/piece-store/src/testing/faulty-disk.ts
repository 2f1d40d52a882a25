import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { DiskCall } from "./disk-model.js";

const FILE = fileURLToPath(new URL("faulty-disk.cjs", import.meta.url));

/** Something that goes wrong from now on. */
export interface DiskFault {
  readonly call: "open" | "write" | "read" | "truncate" | "fdatasync" | "fsync" | "chmod" | "mkdir" | "unlink" | "rm" | "link" | "rename";
  /** A part of the path; for a new name, of that one. Default: any. */
  readonly path?: string;
  /** Such as `EIO`. */
  readonly code?: string;
  /** A write takes only so many bytes. */
  readonly bytes?: number;
  /** So many times all goes well before, counted in each thread. */
  readonly skip?: number;
  /** Default: for ever. */
  readonly times?: number;
}

/** Orders to the disk of a program, here or in another process, for the files in one folder. They are kept in a file, with its records beside it. */
export class FaultyDisk implements Disposable {
  static #faults = 0;
  static #logs = 0;
  readonly #folder: string;
  readonly #orders: string;
  readonly #log: string;

  constructor(folder: string, orders: string) {
    this.#folder = folder;
    this.#orders = orders;
    // Every disk has its own: a thread keeps the one that it has opened.
    this.#log = `${orders}-${(FaultyDisk.#logs += 1)}`;
    this.set([]);
  }

  /** The environment of a program that is to have this disk. */
  static environment(orders: string): { readonly NODE_OPTIONS: string; readonly FAULTY_DISK: string } {
    return { NODE_OPTIONS: `--require=${FILE}`, FAULTY_DISK: orders };
  }

  /** Gives this process such a disk. What is imported later and threads that are started later have it. */
  static install(orders: string): void {
    Object.assign(process.env, FaultyDisk.environment(orders));
    createRequire(import.meta.url)(FILE);
  }

  /** From now on exactly these things go wrong. */
  set(faults: readonly DiskFault[]): void {
    const numbered = faults.map((fault) => ({ ...fault, id: (FaultyDisk.#faults += 1) }));
    // Nobody reads half of it.
    writeFileSync(`${this.#orders}.new`, JSON.stringify({ folder: this.#folder, log: this.#log, faults: numbered }));
    renameSync(`${this.#orders}.new`, this.#orders);
  }

  /** Writes something down between the calls. */
  note(text: string): void {
    appendFileSync(this.#log, `${JSON.stringify({ call: "note", text } satisfies DiskCall)}\n`);
  }

  /** All that was done so far, the last line only if it is whole. */
  calls(): DiskCall[] {
    const lines = readFileSync(this.#log, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as DiskCall);
  }

  /** From now on all goes well, and nothing is written down. */
  [Symbol.dispose](): void {
    rmSync(this.#orders, { force: true });
    rmSync(this.#log, { force: true });
  }
}
