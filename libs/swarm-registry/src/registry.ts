import { type Prng, RemoteError } from "@piecewise/base";
import { Capacity } from "./capacity.js";
import { listContents } from "./content-listing.js";
import * as rules from "./field-rules.js";
import { type Lease, Leases, type Place, isSamePlace } from "./leases.js";
import { PEERS_DEFAULT, PEERS_MAX, REGISTRY_LIMITS, type RegistryLimits } from "./limits.js";
import { PeerSampler } from "./peer-sampler.js";
import { PeerWatches } from "./peer-watches.js";
import type {
  ContentAnnouncement,
  ContentPage,
  ContentProgress,
  ContentQuery,
  LeaseGrant,
  LeaseTerm,
  Lookup,
  LookupAnswer,
  Registration,
  RegistryStats,
  Renewal,
  SampleQuery,
  WatchEvent,
  WatchRequest,
} from "./registry-calls.js";
import { Swarms } from "./swarms.js";

const RENEWALS_PER_LEASE = 3;
/** Renewals are spread by this part in both directions, so that peers that registered together do not stay together. */
const RENEWAL_SPREAD = 0.1;

export interface SwarmRegistryOptions {
  /** `LEASE_MS_MIN` to `LEASE_MS_MAX`. */
  readonly leaseMs: number;
  /** For samples and for the spread of renewals. */
  readonly prng: Prng;
  /** Makes a secret, as hex digits. */
  readonly createToken: () => string;
  readonly nowMs: number;
  /** Default: `REGISTRY_LIMITS`. */
  readonly limits?: RegistryLimits | undefined;
}

/**
 * The brain of a tracker. Every method is synchronous and takes the time, which never goes back. A call that is refused throws a
 * PiecewiseError with the code of the contract and has changed nothing.
 *
 *     const answer = registry.renew(renewal, now());              // any call
 *     timer.set(registry.nextDeadlineMs);                         // it may be another one now
 *     for (const event of registry.advance(now())) tell(event);   // when the timer fires
 */
export class SwarmRegistry {
  readonly #leaseMs: number;
  readonly #prng: Prng;
  readonly #createToken: () => string;
  readonly #contentsPerLeaseMax: number;
  readonly #startedAtMs: number;
  readonly #leases = new Leases();
  readonly #swarms = new Swarms();
  readonly #capacity: Capacity;
  readonly #sampler: PeerSampler;
  readonly #watches: PeerWatches;
  readonly #totals = { registrations: 0, renewals: 0, lookups: 0, expirations: 0 };

  constructor(options: SwarmRegistryOptions) {
    this.#leaseMs = options.leaseMs;
    this.#prng = options.prng;
    this.#createToken = options.createToken;
    const limits = options.limits ?? REGISTRY_LIMITS;
    this.#contentsPerLeaseMax = limits.contentsPerLeaseMax;
    this.#capacity = new Capacity(limits, this.#leases, this.#swarms, () => this.#renewAfterMs());
    this.#sampler = new PeerSampler(this.#leases, this.#swarms, options.prng);
    this.#watches = new PeerWatches(this.#sampler);
    this.#startedAtMs = options.nowMs;
  }

  /** When `advance` has something to do; Infinity for never. */
  get nextDeadlineMs(): number {
    return Math.min(this.#leases.nextDeadlineMs, this.#watches.nextDeadlineMs);
  }

  /** Ends the leases whose time has come and returns what watchers are due. */
  advance(nowMs: number): WatchEvent[] {
    this.#expire(nowMs);
    return this.#watches.takeDue(nowMs);
  }

  /** @throws UsageError INVALID_ARGUMENT; RemoteError LEASE_TOKEN_WRONG, TRACKER_FULL. */
  register(registration: Registration, nowMs: number): LeaseGrant {
    rules.checkRegistration(registration, this.#contentsPerLeaseMax);
    const place = placeOf(registration);
    const contents = new Map(registration.contents.map((announcement) => [announcement.contentId, announcement]));
    this.#expire(nowMs);
    const known = this.#leases.findAuthorized(registration.peerId, registration.leaseToken);
    const replaced = new Set([known, this.#leases.occupantOf(place)].filter((lease) => lease !== undefined));
    const membershipsReplaced = [...replaced].reduce((sum, lease) => sum + lease.memberships.size, 0);
    this.#capacity.checkGrowth({ leases: 1 - replaced.size, memberships: contents.size - membershipsReplaced }, contents.values());

    for (const lease of replaced) if (lease !== known) this.#end(lease);
    // The token stays, so that a peer to which this answer is lost can still show the one that it has.
    const lease = known ?? this.#leases.open(registration.peerId, this.#createToken(), place);
    if (known !== undefined) this.#move(known, place);
    for (const contentId of lease.memberships.keys()) if (!contents.has(contentId)) this.#leave(lease, contentId);
    for (const announcement of contents.values()) this.#announce(lease, announcement);
    this.#totals.registrations += 1;
    return { ...this.#prolong(lease, registration.sequence, nowMs), leaseToken: lease.token, listedAddress: lease.address };
  }

  /** @throws UsageError INVALID_ARGUMENT; RemoteError LEASE_TOKEN_WRONG, REGISTER_AGAIN, TRACKER_FULL. */
  renew(renewal: Renewal, nowMs: number): LeaseTerm {
    rules.checkRenewal(renewal, this.#contentsPerLeaseMax);
    this.#expire(nowMs);
    const lease = this.#leases.findAuthorized(renewal.peerId, renewal.leaseToken);
    if (lease === undefined) throw new RemoteError("REGISTER_AGAIN", "no lease of this peer_id is known: register again with all contents");
    const sequenceNext = lease.sequence + 1n;
    if (renewal.sequence > sequenceNext) {
      throw new RemoteError(
        "REGISTER_AGAIN",
        `sequence is ${renewal.sequence} where ${sequenceNext} was expected: register again with all contents`,
      );
    }
    // An older one was applied before, and only its answer was lost.
    if (renewal.sequence === sequenceNext) this.#apply(renewal, lease);
    // Without this a peer that has moved to another network would stay listed where it was.
    this.#move(lease, { ...lease.place, observedHost: renewal.observedHost });
    this.#totals.renewals += 1;
    return this.#prolong(lease, renewal.sequence === sequenceNext ? sequenceNext : lease.sequence, nowMs);
  }

  /** Ends a lease; one that is unknown is over already. @throws UsageError INVALID_ARGUMENT; RemoteError LEASE_TOKEN_WRONG. */
  unregister(peerId: string, leaseToken: string, nowMs: number): void {
    rules.checkPeerId(peerId);
    this.#expire(nowMs);
    const lease = this.#leases.findAuthorized(peerId, leaseToken);
    if (lease !== undefined) this.#end(lease);
  }

  /** @throws UsageError INVALID_ARGUMENT; RemoteError CONTENT_NOT_FOUND. */
  lookup(lookup: Lookup, nowMs: number): LookupAnswer {
    const what = rules.checkLookup(lookup);
    this.#expire(nowMs);
    const swarms = "contentId" in what ? this.#swarms.findById(what.contentId) : this.#swarms.findByName(what.name, lookup.pieceLength);
    if (swarms.length === 0) {
      throw new RemoteError(
        "CONTENT_NOT_FOUND",
        "no peer has registered such a content: check the name or id, or wait for a peer to share it",
      );
    }
    this.#totals.lookups += 1;
    return {
      contents: swarms.map((swarm) => this.#swarms.summarize(swarm)),
      peers: swarms.length === 1 ? this.#sampler.sample({ ...lookup, contentId: swarms[0]!.contentId }, samplePeersMax(lookup)) : [],
    };
  }

  /** @throws UsageError INVALID_ARGUMENT. */
  listContents(query: ContentQuery, nowMs: number): ContentPage {
    rules.checkContentQuery(query);
    this.#expire(nowMs);
    return listContents(this.#swarms, query);
  }

  /**
   * Opens a watch of a swarm, which may be empty, and returns its id. Its first event is due at once.
   * @throws UsageError INVALID_ARGUMENT; RemoteError TRACKER_FULL.
   */
  openWatch(request: WatchRequest, nowMs: number): number {
    rules.checkWatchRequest(request);
    this.#capacity.checkWatchers(this.#watches.count);
    return this.#watches.open(request, samplePeersMax(request), nowMs);
  }

  /** A watcher takes nothing for now: changes are put together until `resumeWatch`, or it stalls. */
  pauseWatch(watchId: number, nowMs: number): void {
    this.#watches.pause(watchId, nowMs);
  }

  resumeWatch(watchId: number): void {
    this.#watches.resume(watchId);
  }

  /** Closing a watch that is closed or has stalled does nothing. */
  closeWatch(watchId: number): void {
    this.#watches.close(watchId);
  }

  stats(nowMs: number): RegistryStats {
    this.#expire(nowMs);
    return {
      contentCount: this.#swarms.contentCount,
      peerCount: this.#leases.count,
      membershipCount: this.#swarms.membershipCount,
      watcherCount: this.#watches.count,
      uptimeMs: nowMs - this.#startedAtMs,
      registrationsTotal: this.#totals.registrations,
      renewalsTotal: this.#totals.renewals,
      lookupsTotal: this.#totals.lookups,
      expirationsTotal: this.#totals.expirations,
    };
  }

  #expire(nowMs: number): void {
    for (let lease = this.#leases.takeExpired(nowMs); lease !== undefined; lease = this.#leases.takeExpired(nowMs)) {
      this.#end(lease);
      this.#totals.expirations += 1;
    }
  }

  #prolong(lease: Lease, sequence: bigint, nowMs: number): LeaseTerm {
    this.#leases.prolong(lease, sequence, nowMs + this.#leaseMs);
    return { leaseMs: this.#leaseMs, renewAfterMs: this.#renewAfterMs() };
  }

  #end(lease: Lease): void {
    for (const contentId of lease.memberships.keys()) this.#leave(lease, contentId);
    this.#leases.close(lease);
  }

  #move(lease: Lease, place: Place): void {
    if (isSamePlace(lease.place, place)) return;
    const occupant = this.#leases.occupantOf(place);
    if (occupant !== undefined && occupant !== lease) this.#end(occupant);
    this.#leases.move(lease, place);
    for (const contentId of lease.memberships.keys()) this.#watches.noteChange(contentId);
  }

  #apply(renewal: Renewal, lease: Lease): void {
    const added = new Map(renewal.added.map((announcement) => [announcement.contentId, announcement]));
    const removed = new Set(renewal.removed.filter((contentId) => lease.memberships.has(contentId)));
    const joined = [...added.keys()].filter((contentId) => !lease.memberships.has(contentId) || removed.has(contentId));
    const memberships = joined.length - removed.size;
    rules.checkContentCount(lease.memberships.size + memberships, this.#contentsPerLeaseMax);
    this.#checkProgress(renewal.progress, lease, added);
    this.#capacity.checkGrowth({ leases: 0, memberships }, added.values());

    for (const contentId of removed) this.#leave(lease, contentId);
    for (const announcement of added.values()) this.#announce(lease, announcement);
    for (const { contentId, piecesHeld } of renewal.progress) {
      const member = lease.memberships.get(contentId);
      if (member !== undefined && this.#swarms.report(contentId, member, piecesHeld)) this.#watches.noteChange(contentId);
    }
  }

  #checkProgress(progress: readonly ContentProgress[], lease: Lease, added: ReadonlyMap<string, ContentAnnouncement>): void {
    progress.forEach(({ contentId, piecesHeld }, index) => {
      const announcement = added.get(contentId);
      const member = lease.memberships.get(contentId);
      if (announcement !== undefined) rules.checkPiecesHeld(piecesHeld, rules.countPieces(announcement), `progress[${index}]`);
      else if (member !== undefined) rules.checkPiecesHeld(piecesHeld, this.#swarms.pieceCountOf(member), `progress[${index}]`);
    });
  }

  #announce(lease: Lease, announcement: ContentAnnouncement): void {
    const { contentId } = announcement;
    const member = lease.memberships.get(contentId);
    if (member === undefined) {
      const joined = this.#swarms.join(lease.number, announcement);
      // The swarm's own string, so that a content of many peers has its id in memory once.
      lease.memberships.set(joined.swarm.contentId, joined.member);
      this.#watches.noteChange(contentId);
    } else if (this.#swarms.update(member, announcement)) {
      this.#watches.noteChange(contentId);
    }
  }

  #leave(lease: Lease, contentId: string): void {
    this.#swarms.leave(contentId, lease.memberships.get(contentId)!);
    lease.memberships.delete(contentId);
    this.#watches.noteChange(contentId);
  }

  #renewAfterMs(): number {
    const factor = 1 - RENEWAL_SPREAD + 2 * RENEWAL_SPREAD * (this.#prng.nextUint32() / 0xffff_ffff);
    return Math.round((this.#leaseMs / RENEWALS_PER_LEASE) * factor);
  }
}

const samplePeersMax = ({ peersMax }: SampleQuery): number => Math.min(peersMax === 0 ? PEERS_DEFAULT : peersMax, PEERS_MAX);

const placeOf = ({ observedHost, port, advertisedAddress }: Registration): Place => ({
  observedHost,
  port,
  advertisedAddress: advertisedAddress === "" ? undefined : rules.listableAddress(advertisedAddress),
});

/**
 * Creates an empty registry.
 * @throws UsageError INVALID_ARGUMENT if the lease is too short or too long.
 */
export function createSwarmRegistry(options: SwarmRegistryOptions): SwarmRegistry {
  rules.checkLeaseMs(options.leaseMs);
  return new SwarmRegistry(options);
}
