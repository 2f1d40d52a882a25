import { type Prng, isLoopbackHost } from "@piecewise/base";
import { type Lease, type Leases, isListed } from "./leases.js";
import { selectPeers } from "./peer-selection.js";
import type { SwarmView } from "./peer-watches.js";
import type { SampleQuery, SwarmPeer, WatchRequest } from "./registry-calls.js";
import type { Swarms } from "./swarms.js";

/** Says who is in a swarm, as far as an asker may and needs to know. */
export class PeerSampler implements SwarmView {
  readonly #leases: Leases;
  readonly #swarms: Swarms;
  readonly #prng: Prng;

  constructor(leases: Leases, swarms: Swarms, prng: Prng) {
    this.#leases = leases;
    this.#swarms = swarms;
    this.#prng = prng;
  }

  /** A fair sample of the listed peers of a swarm. @param isTaken passes over those that the asker knows. */
  sample(
    query: SampleQuery & { readonly contentId: string },
    peersMax: number,
    isTaken = (_address: string): boolean => false,
  ): SwarmPeer[] {
    const swarm = this.#swarms.find(query.contentId);
    if (swarm === undefined) return [];
    const isVisible = visibilityFor(query);
    return selectPeers(swarm, peersMax, this.#prng, (member) => {
      const lease = this.#leases.get(this.#swarms.leaseOf(member));
      if (!isVisible(lease) || isTaken(lease.address)) return undefined;
      return this.#describe(lease, member);
    });
  }

  find(request: WatchRequest, peerId: string): SwarmPeer | undefined {
    const lease = this.#leases.find(peerId);
    const member = lease?.memberships.get(request.contentId);
    if (lease === undefined || member === undefined || !visibilityFor(request)(lease)) return undefined;
    return this.#describe(lease, member);
  }

  #describe(lease: Lease, member: number): SwarmPeer {
    return { address: lease.address, peerId: lease.peerId, piecesHeld: this.#swarms.piecesHeldBy(member) };
  }
}

/** Nobody is told of itself, and of a peer on loopback only who can reach it. */
function visibilityFor({ askerPeerId, askerHost }: SampleQuery): (lease: Lease) => boolean {
  const isOnLoopback = isLoopbackHost(askerHost);
  return (lease) => isListed(lease) && lease.peerId !== askerPeerId && (isOnLoopback || !lease.isLoopback);
}
