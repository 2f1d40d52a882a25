import { checkPiecesHeld, countPieces } from "./field-rules.js";
import type { Lease } from "./leases.js";
import type { PeerWatches } from "./peer-watches.js";
import type { ContentAnnouncement, ContentProgress } from "./registry-calls.js";
import type { Swarms } from "./swarms.js";

/** Lets peers join, change and leave swarms, and tells those who watch. */
export class Memberships {
  readonly #swarms: Swarms;
  readonly #watches: PeerWatches;

  constructor(swarms: Swarms, watches: PeerWatches) {
    this.#swarms = swarms;
    this.#watches = watches;
  }

  /** The peer takes part in these contents and in no others. @param contents by id. */
  replace(lease: Lease, contents: ReadonlyMap<string, ContentAnnouncement>): void {
    for (const contentId of lease.memberships.keys()) if (!contents.has(contentId)) this.leave(lease, contentId);
    for (const announcement of contents.values()) this.announce(lease, announcement);
  }

  announce(lease: Lease, announcement: ContentAnnouncement): void {
    const { contentId } = announcement;
    const member = lease.memberships.get(contentId);
    if (member === undefined) {
      const joined = this.#swarms.join(lease, announcement);
      // The swarm's own string, so that a content of many peers has its id in memory once.
      lease.memberships.set(joined.swarm.contentId, joined.member);
      this.#watches.noteChange(contentId);
    } else if (this.#swarms.update(member, announcement)) {
      this.#watches.noteChange(contentId);
    }
  }

  /**
   * Whether all that is reported can be, of contents in which the peer takes part or is going to.
   * @throws UsageError INVALID_ARGUMENT.
   */
  checkReports(lease: Lease, progress: readonly ContentProgress[], added: ReadonlyMap<string, ContentAnnouncement>): void {
    progress.forEach(({ contentId, piecesHeld }, index) => {
      const announcement = added.get(contentId);
      const member = lease.memberships.get(contentId);
      if (announcement !== undefined) checkPiecesHeld(piecesHeld, countPieces(announcement), `progress[${index}]`);
      else if (member !== undefined) checkPiecesHeld(piecesHeld, this.#swarms.pieceCountOf(member), `progress[${index}]`);
    });
  }

  /** Of a content in which the peer takes no part (any more) nothing is noted. */
  report(lease: Lease, { contentId, piecesHeld }: ContentProgress): void {
    const member = lease.memberships.get(contentId);
    if (member !== undefined && this.#swarms.report(contentId, member, piecesHeld)) this.#watches.noteChange(contentId);
  }

  leave(lease: Lease, contentId: string): void {
    this.#swarms.leave(contentId, lease.memberships.get(contentId)!);
    lease.memberships.delete(contentId);
    this.#watches.noteChange(contentId);
  }

  leaveAll(lease: Lease): void {
    for (const contentId of lease.memberships.keys()) this.leave(lease, contentId);
  }

  /** Others are told of the peer from now on, or no longer, or elsewhere. */
  list(lease: Lease, isShown: boolean): void {
    for (const [contentId, member] of lease.memberships) {
      this.#swarms.list(contentId, member, isShown);
      this.#watches.noteChange(contentId);
    }
  }
}
