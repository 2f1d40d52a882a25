import { close, closeSync, constants, fstat, fstatSync, open, openSync, read, readSync, type BigIntStats } from "node:fs";
import { promisify } from "node:util";
import { createFileStamp, type FileStamp } from "./file-stamp.js";
import { quickCalls } from "./quick-calls.js";

/** At most so many descriptors for serving are kept open in the process; the one that was not used for longest is closed. */
export const OPEN_FILES_MAX = 256;

const openAsync = promisify(open);
const closeAsync = promisify(close);
const fstatAsync = promisify<number, { bigint: true }, BigIntStats>(fstat);

/** A file that is open for reading until its last user gives it back. Calls fail with errors of the system. */
export class OpenFile {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  static async open(path: string): Promise<OpenFile> {
    // A fifo in place of a file must not make the open wait.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    return new OpenFile(await quickCalls.make(() => openSync(path, flags), () => openAsync(path, flags)));
  }

  async stamp(): Promise<FileStamp> {
    const options = { bigint: true } as const;
    return createFileStamp(await quickCalls.make(() => fstatSync(this.#fd, options), () => fstatAsync(this.#fd, options)));
  }

  /** Reads up to `into.byteLength` bytes; 0 at the end of the file. */
  async read(into: Uint8Array, position: number): Promise<number> {
    const readElsewhere = (): Promise<number> =>
      new Promise((resolve, reject) => {
        read(this.#fd, into, 0, into.byteLength, position, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
      });
    return quickCalls.make(() => readSync(this.#fd, into, 0, into.byteLength, position), readElsewhere);
  }

  async close(): Promise<void> {
    await quickCalls.make(() => closeSync(this.#fd), () => closeAsync(this.#fd));
  }
}

interface PoolEntry {
  readonly path: string;
  readonly opening: Promise<OpenFile>;
  users: number;
  /** No longer in the table: the last user closes it. */
  isEvicted: boolean;
}

/**
 * Files that are read again and again. While more than the maximum are in use at the same moment (every stream that is served uses one
 * for the time of a read), those above it are closed right after use.
 */
export class OpenFiles {
  readonly #openMax: number;
  /** The least recently used first. */
  readonly #entries = new Map<string, PoolEntry>();
  readonly #closing = new Set<Promise<void>>();

  constructor(openMax: number) {
    this.#openMax = openMax;
  }

  /** Runs `use` with the file, opened without following a link in the last part of its path. */
  async with<T>(path: string, use: (file: OpenFile) => Promise<T>): Promise<T> {
    const entry = this.#take(path);
    try {
      return await use(await entry.opening);
    } finally {
      entry.users -= 1;
      if (entry.isEvicted && entry.users === 0) this.#close(entry);
      this.#evictIdle();
    }
  }

  /** Makes the next use open the path again. */
  forget(path: string): void {
    const entry = this.#entries.get(path);
    if (entry !== undefined) this.#evict(entry);
  }

  /** Resolves when everything that was forgotten or evicted is closed, unless it is still in use. */
  async settle(): Promise<void> {
    await Promise.all(this.#closing);
  }

  #take(path: string): PoolEntry {
    const entry = this.#entries.get(path) ?? this.#open(path);
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    entry.users += 1;
    return entry;
  }

  #open(path: string): PoolEntry {
    const opening = OpenFile.open(path);
    const entry: PoolEntry = { path, opening, users: 0, isEvicted: false };
    // Its users see the failure; the table must not keep it.
    opening.catch(() => this.#evict(entry));
    return entry;
  }

  #evictIdle(): void {
    if (this.#entries.size <= this.#openMax) return;
    for (const entry of this.#entries.values()) {
      if (entry.users > 0) continue;
      this.#evict(entry);
      if (this.#entries.size <= this.#openMax) return;
    }
  }

  #evict(entry: PoolEntry): void {
    if (entry.isEvicted) return;
    entry.isEvicted = true;
    this.#entries.delete(entry.path);
    if (entry.users === 0) this.#close(entry);
  }

  #close(entry: PoolEntry): void {
    const closing = entry.opening.then(
      (file) => file.close(),
      () => undefined,
    );
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}

/** The files that this process serves from. */
export const servedFiles = new OpenFiles(OPEN_FILES_MAX);
