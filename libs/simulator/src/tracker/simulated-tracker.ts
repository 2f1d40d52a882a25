import { createPrng, PiecewiseError, type Prng } from "@piecewise/base";
import { createSwarmRegistry, type ContentAnnouncement, type LeaseGrant, type SwarmRegistry } from "@piecewise/swarm-registry";
import type { EventQueue } from "../clock/event-queue.js";
import { CONTENT_ID } from "../node/upload-side.js";

/** As the real one by default. */
const LEASE_MS = 30_000;

/** What is registered, without what the simulation has one of. */
export interface SimulatedRegistration {
  readonly peerId: string;
  readonly host: string;
  readonly port: number;
  readonly piecesHeld: number;
  readonly sequence: bigint;
  readonly leaseToken: string;
}

/** The registry that ships, on virtual time. */
export class SimulatedTracker {
  isAway = false;
  /** It answers that it knows nobody. */
  isEmpty = false;
  readonly #prng: Prng;
  #registry: SwarmRegistry;

  constructor(
    private readonly queue: EventQueue,
    seed: number,
    private readonly geometry: { readonly totalBytes: number; readonly pieceLength: number },
  ) {
    this.#prng = createPrng(seed);
    this.#registry = this.#create();
  }

  /** It comes back and remembers nothing. */
  restart(): void {
    this.isAway = false;
    this.#registry = this.#create();
  }

  register({ peerId, host, port, piecesHeld, sequence, leaseToken }: SimulatedRegistration): LeaseGrant {
    const contents = [this.#announce(piecesHeld)];
    const registration = { peerId, observedHost: host, port, advertisedAddress: "", contents, sequence, leaseToken };
    const grant = this.#registry.register(registration, this.queue.nowMs);
    this.#answerDialBacks();
    return grant;
  }

  renew({ peerId, host, piecesHeld, sequence, leaseToken }: Omit<SimulatedRegistration, "port">): number {
    const progress = [{ contentId: CONTENT_ID, piecesHeld, coarseMap: new Uint8Array() }];
    const renewal = { peerId, observedHost: host, leaseToken, sequence, added: [], removed: [], progress };
    const { renewAfterMs } = this.#registry.renew(renewal, this.queue.nowMs);
    this.#answerDialBacks();
    return renewAfterMs;
  }

  lookup(asker: { readonly peersMax: number; readonly askerPeerId: string; readonly askerHost: string }): readonly string[] {
    if (this.isEmpty) return [];
    try {
      const { peers } = this.#registry.lookup({ ...asker, what: { contentId: CONTENT_ID }, pieceLength: 0 }, this.queue.nowMs);
      return peers.map(({ address }) => address);
    } catch (error) {
      // Not to know a content is an answer.
      if (error instanceof PiecewiseError && error.code === "CONTENT_NOT_FOUND") return [];
      throw error;
    }
  }

  /** Every peer is where it says. Who has to wait for its turn is found when the next one calls. */
  #answerDialBacks(): void {
    for (const { dialBackId, nonce, peerId } of this.#registry.takeDialBacks(this.queue.nowMs)) {
      this.#registry.dialBackEnded(dialBackId, { nonce, peerIds: [peerId] }, this.queue.nowMs);
    }
  }

  #create(): SwarmRegistry {
    const createToken = (): string => Array.from({ length: 4 }, () => this.#prng.nextUint32().toString(16).padStart(8, "0")).join("");
    return createSwarmRegistry({ leaseMs: LEASE_MS, prng: this.#prng, createToken, nowMs: this.queue.nowMs });
  }

  #announce(piecesHeld: number): ContentAnnouncement {
    const { totalBytes, pieceLength } = this.geometry;
    return { contentId: CONTENT_ID, name: "content", totalBytes, pieceLength, entryCount: 1, progress: { piecesHeld, coarseMap: new Uint8Array() } };
  }
}
