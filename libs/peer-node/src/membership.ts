import { UsageError, type ContentId } from "@piecewise/base";
import { BanList } from "./ban-list.js";
import { CONTENTS_MAX, type ContentTable, type LocalContent } from "./content-table.js";
import type { TrackerGroup } from "./tracker-group.js";
import type { UploadLoop } from "./upload-loop.js";

/** In which swarms this peer takes part: what is here is served to peers and told to trackers. */
export class Membership {
  readonly banned = new BanList();
  readonly #contents: ContentTable;
  readonly #uploads: UploadLoop;
  readonly #trackers: TrackerGroup;

  constructor(contents: ContentTable, uploads: UploadLoop, trackers: TrackerGroup) {
    this.#contents = contents;
    this.#uploads = uploads;
    this.#trackers = trackers;
  }

  get(contentId: ContentId): LocalContent | undefined {
    return this.#contents.get(contentId);
  }

  /** @throws UsageError INVALID_ARGUMENT if this peer takes part in as many contents as it can. */
  checkRoom(): void {
    if (this.#contents.size < CONTENTS_MAX) return;
    throw new UsageError("INVALID_ARGUMENT", `a peer takes part in at most ${CONTENTS_MAX} contents; start another one`);
  }

  /** @throws UsageError INVALID_ARGUMENT if this peer takes part in that swarm already. */
  checkAbsent(contentId: ContentId): void {
    if (this.#contents.has(contentId)) throw new UsageError("INVALID_ARGUMENT", "this peer has that content already");
  }

  /** @throws UsageError INVALID_ARGUMENT if this peer takes part in that swarm already. */
  join(content: LocalContent): void {
    this.checkAbsent(content.contentId);
    this.#contents.set(content.contentId, content);
    this.#uploads.contentAdded(content);
    this.#trackers.contentsChanged();
  }

  async leave(content: LocalContent): Promise<void> {
    this.#contents.delete(content.contentId);
    this.#uploads.contentRemoved(content.contentId);
    this.#trackers.contentsChanged();
    await content.source[Symbol.asyncDispose]();
  }

  /** When nobody is served any more. */
  async disposeAll(): Promise<void> {
    await Promise.all([...this.#contents.values()].map((content) => content.source[Symbol.asyncDispose]()));
    this.#contents.clear();
  }
}
