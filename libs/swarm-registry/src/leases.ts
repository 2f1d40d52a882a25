import { RemoteError, assert, formatHostPort, isLoopbackAddress } from "@piecewise/base";
import { DeadlineHeap, type Scheduled } from "./deadline-heap.js";

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
  /** Under which others find the peer, `host:port`. */
  readonly address: string;
  /** Of use only to askers on the same machine. */
  readonly isLoopback: boolean;
  readonly sequence: bigint;
  /** By content id, the number of the member that the peer is in its swarm. */
  readonly memberships: Map<string, number>;
}

interface LeaseRecord extends Lease {
  place: Place;
  address: string;
  isLoopback: boolean;
  sequence: bigint;
}

/** Who is registered, from where, until when. Knows nothing of contents but that leases cover them. */
export class Leases {
  readonly #byPeerId = new Map<string, LeaseRecord>();
  readonly #byPlace = new Map<string, LeaseRecord>();
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

  /**
   * The lease of a peer that was registered from the same host for the same address. Who calls from there under a new id is the same
   * peer, restarted. Somebody who claims the address from another host is not, and displaces nobody.
   */
  occupantOf(place: Place): Lease | undefined {
    return this.#byPlace.get(placeKey(place));
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
      isLoopback: isLoopbackAddress(address),
      sequence: 0n,
      memberships: new Map(),
      deadlineMs: 0,
      heapIndex: -1,
    };
    this.#byNumber[number] = lease;
    this.#byPeerId.set(peerId, lease);
    this.#byPlace.set(placeKey(place), lease);
    return lease;
  }

  /** Lists a lease elsewhere; nobody else may be there. */
  move(lease: Lease, place: Place): void {
    const record = this.#recordOf(lease);
    this.#byPlace.delete(placeKey(record.place));
    record.place = place;
    record.address = addressOf(place);
    record.isLoopback = isLoopbackAddress(record.address);
    this.#byPlace.set(placeKey(place), record);
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
    this.#byPlace.delete(placeKey(record.place));
    this.#byNumber[record.number] = undefined;
    this.#freeNumbers.push(record.number);
  }

  /** A lease whose end has come, for the caller to close; undefined if there is none. */
  takeExpired(nowMs: number): Lease | undefined {
    return this.#deadlines.popDue(nowMs);
  }

  #recordOf(lease: Lease): LeaseRecord {
    const record = this.#byNumber[lease.number];
    assert(record === lease, "the lease is live");
    return record;
  }
}

const addressOf = ({ observedHost, port, advertisedAddress }: Place): string =>
  advertisedAddress ?? formatHostPort({ host: observedHost, port });

const placeKey = (place: Place): string => `${place.observedHost} ${addressOf(place)}`;

/** Whether a peer there is listed and found the same. */
export const isSamePlace = (one: Place, other: Place): boolean => placeKey(one) === placeKey(other);

/** Takes the same time wherever the first difference is. */
function isSameSecret(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let index = 0; index < one.length; index += 1) difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}
