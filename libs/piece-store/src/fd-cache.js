import { closeSync, constants, fstatSync, lstatSync, openSync } from "node:fs";

/** At most so many descriptors are kept open by the hasher's thread; the one that was not used for longest is closed. */
export const HASHER_OPEN_FILES_MAX = 256;

/** Descriptors of files that are used again and again. All calls are synchronous: the thread has nothing else to do. */
export class FdCache {
  /**
   * The least recently used first.
   * @type {Map<string, { readonly owner: number, readonly fd: number }>}
   */
  #open = new Map();

  /**
   * Opens a file without following a link in its last part.
   * @param {number} owner
   * @param {string} path
   * @param {number} flags of open(2)
   * @returns {number} valid until the next call
   */
  get(owner, path, flags) {
    const key = `${owner}:${path}`;
    const known = this.#open.get(key);
    if (known !== undefined) {
      this.#open.delete(key);
      this.#open.set(key, known);
      return known.fd;
    }
    if (this.#open.size >= HASHER_OPEN_FILES_MAX) this.#closeOldest();
    // A fifo in place of a file must not make the open wait.
    const fd = openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o666);
    this.#open.set(key, { owner, fd });
    return fd;
  }

  /**
   * Closes the descriptor if another file has taken the name.
   * @param {number} owner
   * @param {string} path
   */
  closeIfReplaced(owner, path) {
    const key = `${owner}:${path}`;
    const known = this.#open.get(key);
    if (known === undefined) return;
    const named = lstatSync(path, { throwIfNoEntry: false });
    const opened = fstatSync(known.fd);
    if (named?.ino === opened.ino && named.dev === opened.dev) return;
    this.#open.delete(key);
    closeSync(known.fd);
  }

  /** @param {number} owner */
  closeAllOf(owner) {
    for (const [key, known] of this.#open) {
      if (known.owner !== owner) continue;
      this.#open.delete(key);
      closeSync(known.fd);
    }
  }

  #closeOldest() {
    for (const [key, { fd }] of this.#open) {
      this.#open.delete(key);
      closeSync(fd);
      return;
    }
  }
}
