import { rm, writeFile } from "node:fs/promises";
import { StorageError } from "@piecewise/base";
import { lstatIfThere } from "./publish-output.js";
import { withStorageErrors } from "./storage-error.js";
import type { StorePlace } from "./store-place.js";

/** Whether a sync has failed, and nobody knows what the disk has of what the system shows. It is noted beside the content, for the next process. */
export class SyncDoubt {
  readonly #path: string;
  #isRaised = false;

  constructor({ doubt }: StorePlace) {
    this.#path = doubt;
  }

  async isRaised(): Promise<boolean> {
    return this.#isRaised || (await lstatIfThere(this.#path)) !== undefined;
  }

  /** @param error of the sync. */
  async raise(error: unknown): Promise<void> {
    // What will pass, such as too many open files, has nothing to do with the disk.
    if (!(error instanceof StorageError) || error.retryable) return;
    this.#isRaised = true;
    try {
      await withStorageErrors("write", this.#path, () => writeFile(this.#path, ""));
    } catch (cause) {
      // A disk that takes not even this has to be unmounted before it is of use again, and what the system remembers of it goes then. The
      // first error is the one to be told.
      if (!(cause instanceof StorageError)) throw cause;
    }
  }

  /** All is on the disk. */
  async settle(): Promise<void> {
    await withStorageErrors("write", this.#path, () => rm(this.#path, { force: true }));
    this.#isRaised = false;
  }
}
