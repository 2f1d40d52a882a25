import { RemoteError, isLoopbackHost, networkOf } from "@piecewise/base";
import type { Lease, Leases } from "./leases.js";
import type { RegistryLimits } from "./limits.js";
import type { ContentAnnouncement } from "./registry-calls.js";
import type { Swarms } from "./swarms.js";

/** How many leases and memberships a call would add; negative if it frees some. */
export interface Growth {
  readonly leases: number;
  readonly memberships: number;
}

/** Says whether the tracker has room. A call is checked as a whole before it changes anything, so nothing is ever half applied. */
export class Capacity {
  readonly #limits: RegistryLimits;
  readonly #leases: Leases;
  readonly #swarms: Swarms;
  readonly #retryAfterMs: () => number;

  constructor(limits: RegistryLimits, leases: Leases, swarms: Swarms, retryAfterMs: () => number) {
    this.#limits = limits;
    this.#leases = leases;
    this.#swarms = swarms;
    this.#retryAfterMs = retryAfterMs;
  }

  /** @throws RemoteError TRACKER_FULL. A call that does not grow the tracker passes always, so that a full one goes on working. */
  checkGrowth(growth: Growth, announcements: Iterable<ContentAnnouncement>): void {
    const contents = new Set<string>();
    const names = new Set<string>();
    for (const { contentId, name } of announcements) {
      if (this.#swarms.find(contentId) === undefined) contents.add(contentId);
      if (!this.#swarms.hasName(name)) names.add(name);
    }
    this.#check("peers", this.#leases.count, growth.leases, this.#limits.leasesMax);
    this.#check("pairs of peer and content", this.#swarms.membershipCount, growth.memberships, this.#limits.membershipsMax);
    this.#check("contents", this.#swarms.contentCount, contents.size, this.#limits.contentsMax);
    this.#check("names", this.#swarms.nameCount, names.size, this.#limits.namesMax);
  }

  /**
   * Keeps what one network holds within its share. Many peers may run on this machine, and all call from one address.
   * @param lease of the peer that calls, if it has one; it may call from elsewhere now.
   * @param memberships how many it is going to have.
   * @throws RemoteError TRACKER_FULL.
   */
  checkShare(host: string, lease: Lease | undefined, memberships: number): void {
    if (isLoopbackHost(host)) return;
    const usage = this.#leases.usageFrom(host);
    const isThere = lease !== undefined && networkOf(lease.place.observedHost) === networkOf(host);
    const growth = memberships - (isThere ? lease.memberships.size : 0);
    this.#check("peers of one address", usage.leases, isThere ? 0 : 1, this.#limits.leasesPerNetworkMax);
    this.#check("contents of the peers of one address", usage.memberships, growth, this.#limits.membershipsPerNetworkMax);
  }

  /** @throws RemoteError TRACKER_FULL. */
  checkWatchers(watcherCount: number): void {
    this.#check("watchers", watcherCount, 1, this.#limits.watchersMax);
  }

  #check(what: string, count: number, growth: number, countMax: number): void {
    if (growth <= 0 || count + growth <= countMax) return;
    const message = `the tracker has room for ${countMax} ${what} and no more: try again later, or use another tracker`;
    throw new RemoteError("TRACKER_FULL", message, { retryAfterMs: this.#retryAfterMs() });
  }
}
