import { RemoteError, assert, formatHostPort, isLoopbackAddress, networkOf } from "@piecewise/base";
import { DeadlineHeap, type Scheduled } from "./deadline-heap.js";
import { mayBeListed } from "./listable-address.js";
import type { Listing, Reachability } from "./registry-calls.js";

/** Where a peer called from and where it wants to be called. */
export interface Place {
  readonly observedHost: string;
  readonly port: number;
  /** In the form in which it is listed; undefined to be listed where it was observed. */
  readonly advertisedAddress: string | undefined;
}

/** A registration with an end. */
export interface Lease extends Scheduled {
  /** Names the lease in the columns of the membership table. Reused when the lease is over. */
  readonly number: number;
  readonly peerId: string;
  readonly token: string;
  readonly place: Place;
  /** Where the peer is to be found, `host:port`. */
  readonly address: string;
  /** Whether it was found there. */
  readonly reachability: Reachability;
  /** Of use only to askers on the same machine. */
  readonly isLoopback: boolean;
  /** A peer that calls from there may be found here. */
  readonly mayBeListed: boolean;
  readonly sequence: bigint;
  /** By content id, the number of the member that the peer is in its swarm. */
  readonly memberships: Map<string, number>;
}

interface LeaseRecord extends Lease {
  place: Place;
  address: string;
  reachability: Reachability;
  isLoopback: boolean;
  mayBeListed: boolean;
  sequence: bigint;
}

/** Others are told of a peer that was found where it is to be listed, and of no other. */
export const isListed = (lease: Lease): boolean => lease.reachability === "reachable";

/** What a peer is told of it. */
export const listingFor = (lease: Lease): Listing => ({ reachability: lease.reachability, listedAddress: isListed(lease) ? lease.address : "" });

/** Who is registered, from where, until when, and who of them is listed where. Knows nothing of contents but that leases cover them. */
export class Leases {
  readonly #byPeerId = new Map<string, LeaseRecord>();
  readonly #listedByAddress = new Map<string, LeaseRecord>();
  readonly #byNetwork = new Map<string, Set<LeaseRecord>>();
  readonly #byNumber: (LeaseRecord | undefined)[] = [];
  readonly #freeNumbers: number[] = [];
  readonly #deadlines = new DeadlineHeap<LeaseRecord>();

  get count(): number {
    return this.#byPeerId.size;
  }

  get nextDeadlineMs(): number {
    return this.#deadlines.nextDeadlineMs;
  }

  get(number: number): Lease {
    const lease = this.#byNumber[number];
    assert(lease !== undefined, `lease ${number} is live`);
    return lease;
  }

  find(peerId: string): Lease | undefined {
    return this.#byPeerId.get(peerId);
  }

  /**
   * The lease of a peer, if there is one.
   * @throws RemoteError LEASE_TOKEN_WRONG if it has another token.
   */
  findAuthorized(peerId: string, token: string): Lease | undefined {
    const lease = this.#byPeerId.get(peerId);
    if (lease !== undefined && !isSameSecret(lease.token, token)) {
      throw new RemoteError(
        "LEASE_TOKEN_WRONG",
        "peer_id has a live lease with another lease_token: show that token, or choose a new peer_id",
      );
    }
    return lease;
  }

  /** Who is listed at an address: nobody or one. */
  listedAt(address: string): Lease | undefined {
    return this.#listedByAddress.get(address);
  }

  /** What the peers hold together that call from one network. */
  usageFrom(host: string): { readonly leases: number; readonly memberships: number } {
    const leases = this.#byNetwork.get(networkOf(host)) ?? new Set();
    let memberships = 0;
    for (const lease of leases) memberships += lease.memberships.size;
    return { leases: leases.size, memberships };
  }

  open(peerId: string, token: string, place: Place): Lease {
    const number = this.#freeNumbers.pop() ?? this.#byNumber.length;
    const address = addressOf(place);
    const lease: LeaseRecord = {
      number,
      peerId,
      token,
      place,
      address,
      reachability: "unknown",
      isLoopback: isLoopbackAddress(address),
      mayBeListed: mayBeListed(address, place.observedHost),
      sequence: 0n,
      memberships: new Map(),
      deadlineMs: 0,
      heapIndex: -1,
    };
    this.#byNumber[number] = lease;
    this.#byPeerId.set(peerId, lease);
    this.#enterNetwork(lease);
    return lease;
  }

  /** The peer calls from elsewhere, or is to be found elsewhere, unless it is listed. */
  move(lease: Lease, place: Place): void {
    const record = this.#recordOf(lease);
    const address = addressOf(place);
    assert(address === record.address || !isListed(record), "a peer that is listed stays where it was found");
    this.#leaveNetwork(record);
    record.place = place;
    record.address = address;
    record.isLoopback = isLoopbackAddress(address);
    record.mayBeListed = mayBeListed(address, place.observedHost);
    this.#enterNetwork(record);
  }

  /** Lists a peer or takes it off the list. Where it is listed nobody else may be. */
  noteReachability(lease: Lease, reachability: Reachability): void {
    const record = this.#recordOf(lease);
    if (isListed(record)) this.#listedByAddress.delete(record.address);
    record.reachability = reachability;
    if (!isListed(record)) return;
    assert(!this.#listedByAddress.has(record.address), `only one peer is listed at ${record.address}`);
    this.#listedByAddress.set(record.address, record);
  }

  prolong(lease: Lease, sequence: bigint, deadlineMs: number): void {
    const record = this.#recordOf(lease);
    record.sequence = sequence;
    this.#deadlines.schedule(record, deadlineMs);
  }

  close(lease: Lease): void {
    const record = this.#recordOf(lease);
    if (record.heapIndex >= 0) this.#deadlines.delete(record);
    this.#byPeerId.delete(record.peerId);
    if (isListed(record)) this.#listedByAddress.delete(record.address);
    this.#leaveNetwork(record);
    this.#byNumber[record.number] = undefined;
    this.#freeNumbers.push(record.number);
  }

  /** A lease whose end has come, for the caller to close; undefined if there is none. */
  takeExpired(nowMs: number): Lease | undefined {
    return this.#deadlines.popDue(nowMs);
  }

  #enterNetwork(record: LeaseRecord): void {
    const network = networkOf(record.place.observedHost);
    const leases = this.#byNetwork.get(network);
    if (leases === undefined) this.#byNetwork.set(network, new Set([record]));
    else leases.add(record);
  }

  #leaveNetwork(record: LeaseRecord): void {
    const network = networkOf(record.place.observedHost);
    const leases = this.#byNetwork.get(network)!;
    leases.delete(record);
    if (leases.size === 0) this.#byNetwork.delete(network);
  }

  #recordOf(lease: Lease): LeaseRecord {
    const record = this.#byNumber[lease.number];
    assert(record === lease, "the lease is live");
    return record;
  }
}

/** Where a peer is to be found. */
export const addressOf = ({ observedHost, port, advertisedAddress }: Place): string =>
  advertisedAddress ?? formatHostPort({ host: observedHost, port });

/** Whether a peer there calls and is found the same. */
export const isSamePlace = (one: Place, other: Place): boolean =>
  one.observedHost === other.observedHost && addressOf(one) === addressOf(other);

/** Takes the same time wherever the first difference is. */
function isSameSecret(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let index = 0; index < one.length; index += 1) difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}
