import { type Prng, RemoteError } from "@piecewise/base";
import { Capacity } from "./capacity.js";
import { listContents } from "./content-listing.js";
import { DialBacks } from "./dial-backs.js";
import * as rules from "./field-rules.js";
import { type Lease, Leases, type Place, addressOf, isListed, isSamePlace, listingFor } from "./leases.js";
import { listableAddress } from "./listable-address.js";
import { PEERS_DEFAULT, PEERS_MAX, REGISTRY_LIMITS, type RegistryLimits } from "./limits.js";
import { Memberships } from "./memberships.js";
import { PeerSampler } from "./peer-sampler.js";
import { PeerWatches } from "./peer-watches.js";
import type {
  ContentPage,
  ContentQuery,
  DialBack,
  DialBackAnswer,
  LeaseGrant,
  LeaseTerm,
  Listing,
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
  /** Makes a secret, as hex digits: of a lease, or the nonce of a dial-back. */
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
 *     for (const one of registry.takeDialBacks(now())) dial(one); // after both
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
  readonly #memberships: Memberships;
  readonly #dialBacks: DialBacks;
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
    this.#memberships = new Memberships(this.#swarms, this.#watches);
    this.#dialBacks = new DialBacks(options.createToken);
    this.#startedAtMs = options.nowMs;
  }

  /** When `advance` has something to do; Infinity for never. */
  get nextDeadlineMs(): number {
    return Math.min(this.#leases.nextDeadlineMs, this.#watches.nextDeadlineMs, this.#dialBacks.nextDeadlineMs);
  }

  /** Ends the leases whose time has come and returns what watchers are due. */
  advance(nowMs: number): WatchEvent[] {
    this.#expire(nowMs);
    return this.#watches.takeDue(nowMs);
  }

  /** Who is to be dialled now. A call of any kind may have made it due, or time. */
  takeDialBacks(nowMs: number): DialBack[] {
    return this.#dialBacks.takeDue(nowMs);
  }

  /** @throws UsageError INVALID_ARGUMENT; RemoteError LEASE_TOKEN_WRONG, TRACKER_FULL. */
  register(registration: Registration, nowMs: number): LeaseGrant {
    rules.checkRegistration(registration, this.#contentsPerLeaseMax);
    const place = placeOf(registration);
    const contents = new Map(registration.contents.map((announcement) => [announcement.contentId, announcement]));
    this.#expire(nowMs);
    const known = this.#leases.findAuthorized(registration.peerId, registration.leaseToken);
    this.#capacity.checkShare(place.observedHost, known, contents.size);
    const growth = { leases: known === undefined ? 1 : 0, memberships: contents.size - (known?.memberships.size ?? 0) };
    this.#capacity.checkGrowth(growth, contents.values());

    // The token stays, so that a peer to which this answer is lost can still show the one that it has.
    const lease = known ?? this.#leases.open(registration.peerId, this.#createToken(), place);
    this.#move(lease, place);
    this.#memberships.replace(lease, contents);
    this.#totals.registrations += 1;
    return { ...this.#prolong(lease, registration.sequence, nowMs), leaseToken: lease.token };
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
    else this.#capacity.checkShare(renewal.observedHost, lease, lease.memberships.size);
    // Without this a peer that has moved to another network would stay listed where it was.
    this.#move(lease, { ...lease.place, observedHost: renewal.observedHost });
    this.#totals.renewals += 1;
    return this.#prolong(lease, renewal.sequence === sequenceNext ? sequenceNext : lease.sequence, nowMs);
  }

  /**
   * Tells what became of a dial-back, with the answer if there was one in time. A peer that was found is listed; whoever was listed there
   * before is gone from there, and its lease is over: mostly the same peer before it was restarted. Nobody can displace a peer by saying
   * that it is where that one is.
   */
  dialBackEnded(dialBackId: number, answer: DialBackAnswer | undefined, nowMs: number): void {
    this.#expire(nowMs);
    const outcome = this.#dialBacks.end(dialBackId, answer);
    if (outcome === undefined) return;
    const { lease, isFound } = outcome;
    if (!isFound) return this.#unlist(lease, "unreachable");
    const former = this.#leases.listedAt(lease.address);
    if (former !== undefined) this.#end(former);
    this.#leases.noteReachability(lease, "reachable");
    this.#memberships.list(lease, true);
  }

  /** Whether a peer is listed, by now; undefined if it is not registered (any more). */
  listingOf(peerId: string): Listing | undefined {
    const lease = this.#leases.find(peerId);
    return lease && listingFor(lease);
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
    if (!this.#dialBacks.seek(lease, nowMs)) this.#unlist(lease, "unreachable");
    return { leaseMs: this.#leaseMs, renewAfterMs: this.#renewAfterMs(), ...listingFor(lease) };
  }

  #end(lease: Lease): void {
    this.#memberships.leaveAll(lease);
    this.#dialBacks.forget(lease);
    this.#leases.close(lease);
  }

  /** Where it is to be found now it has to be found first. */
  #move(lease: Lease, place: Place): void {
    if (isSamePlace(lease.place, place)) return;
    if (addressOf(place) !== lease.address) this.#unlist(lease, "unknown");
    this.#leases.move(lease, place);
  }

  #unlist(lease: Lease, reachability: "unknown" | "unreachable"): void {
    if (isListed(lease)) this.#memberships.list(lease, false);
    this.#leases.noteReachability(lease, reachability);
  }

  #apply(renewal: Renewal, lease: Lease): void {
    const added = new Map(renewal.added.map((announcement) => [announcement.contentId, announcement]));
    const removed = new Set(renewal.removed.filter((contentId) => lease.memberships.has(contentId)));
    const joined = [...added.keys()].filter((contentId) => !lease.memberships.has(contentId) || removed.has(contentId));
    const memberships = joined.length - removed.size;
    rules.checkContentCount(lease.memberships.size + memberships, this.#contentsPerLeaseMax);
    this.#memberships.checkReports(lease, renewal.progress, added);
    this.#capacity.checkShare(renewal.observedHost, lease, lease.memberships.size + memberships);
    this.#capacity.checkGrowth({ leases: 0, memberships }, added.values());

    for (const contentId of removed) this.#memberships.leave(lease, contentId);
    for (const announcement of added.values()) this.#memberships.announce(lease, announcement);
    for (const progress of renewal.progress) this.#memberships.report(lease, progress);
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
  advertisedAddress: advertisedAddress === "" ? undefined : listableAddress(advertisedAddress, observedHost),
});

/**
 * Creates an empty registry.
 * @throws UsageError INVALID_ARGUMENT if the lease is too short or too long.
 */
export function createSwarmRegistry(options: SwarmRegistryOptions): SwarmRegistry {
  rules.checkLeaseMs(options.leaseMs);
  return new SwarmRegistry(options);
}
