import { randomBytes } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { assert, CancelledError, PEER_ID_BYTES, PiecewiseError, type ContentId, type Logger, type Prng } from "@piecewise/base";
import { type ContentAnnouncementSchema, type LookupResponse, TrackerService } from "@piecewise/contract";
import { createClient, openChannel, type RpcChannel, type ServiceClient } from "@piecewise/rpc";
import type { ContentTable, LocalContent } from "./content-table.js";
import { type LeaseCall, LeaseKeeper } from "./lease-keeper.js";
import { TrackerListing } from "./tracker-listing.js";
import { announcementToWire, durationToMs, isWorthDialling, progressToWire, type ReportedBytes } from "./wire.js";

/** A tracker that has not answered by then is taken to be unreachable. */
export const TRACKER_CALL_TIMEOUT_MS = 5_000;
/** Ending the lease is a courtesy: it would expire anyway. */
const UNREGISTER_TIMEOUT_MS = 1_000;
const RENEW_FALLBACK_MS = 10_000;
/** Contents told in one call, so that the message stays small; the next call follows at once with the rest. */
export const ANNOUNCED_CONTENTS_MAX = 2_000;
/** Contents whose other peers are looked up at one renewal; the rest has its turn at the next ones. */
export const LOOKUPS_PER_RENEWAL_MAX = 8;
/** Peers asked for in each of these lookups: as many as are passed on. */
export const LOOKED_UP_PEERS_MAX = 50;

export interface TrackerSessionOptions {
  readonly address: string;
  readonly peerId: Uint8Array;
  /** The port on which this peer serves. */
  readonly port: number;
  readonly advertise: string | undefined;
  readonly contents: ContentTable;
  readonly logger: Logger;
  readonly prng: Prng;
  readonly now: () => number;
}

/** What is looked up. */
export interface TrackerLookup {
  readonly what: { readonly case: "contentId"; readonly value: ContentId } | { readonly case: "name"; readonly value: string };
  readonly pieceLength?: number;
  readonly peersMax: number;
}

interface Waiter {
  readonly contentId: ContentId;
  readonly resolve: () => void;
  readonly reject: (error: PiecewiseError) => void;
}

/** What one tracker knows of what the lease covers: pieces held and bytes at the last report. */
interface Told extends ReportedBytes {
  readonly piecesHeld: number;
}

const NOTHING_TOLD: ReportedBytes = { receivedBytes: 0, sentBytes: 0 };

/** What a call tells that is made now. What comes while it is under way is left for the next one. */
const tellingOf = ({ contentId, receivedBytes, sentBytes, source }: LocalContent): [ContentId, Told] => [
  contentId,
  { receivedBytes, sentBytes, piecesHeld: source.held.count },
];

/** Keeps one tracker informed of everything in which this peer takes part, and asks it questions. */
export class TrackerSession {
  readonly address: string;
  readonly #options: TrackerSessionOptions;
  readonly #channel: RpcChannel;
  readonly client: ServiceClient<typeof TrackerService>;
  readonly #keeper: LeaseKeeper;
  readonly #closing = new AbortController();
  readonly #told = new Map<ContentId, Told>();
  /** Contents whose turn has not come yet. */
  readonly #toLookUp = new Set<ContentId>();
  #peerId: Uint8Array;
  #waiters: Waiter[] = [];
  #leaseToken: Uint8Array = new Uint8Array();
  #sequence = 0n;
  readonly #listing = new TrackerListing((address) => isWorthDialling(address, this.#channel));
  /** The last call failed. */
  #isAway = false;
  #timer: NodeJS.Timeout | undefined;
  #call: Promise<void> | undefined;

  constructor(options: TrackerSessionOptions) {
    this.#options = options;
    this.address = options.address;
    this.#peerId = options.peerId;
    this.#channel = openChannel(options.address, { purpose: "control", remote: "tracker" });
    this.client = createClient(TrackerService, this.#channel);
    this.#keeper = new LeaseKeeper(options.prng);
  }

  /** Under which the tracker knows this peer. */
  get peerId(): Uint8Array {
    return this.#peerId;
  }

  /** Under which the tracker lists this peer, once it does. */
  get listedAddress(): string | undefined {
    return this.#listing.address;
  }

  /** The table of contents changed. */
  contentsChanged(): void {
    this.#keeper.contentsChanged(this.#options.now());
    this.#arm();
  }

  /** Resolves when the tracker knows that we have this content. @throws what its next answer is, if it is an error. */
  whenTold(contentId: ContentId): Promise<void> {
    if (this.#told.has(contentId)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ contentId, resolve, reject });
    });
  }

  /** What the tracker says, this peer left out; undefined if it knows no such content. @throws RemoteError */
  async lookup(request: TrackerLookup, signal: AbortSignal): Promise<LookupResponse | undefined> {
    try {
      return await this.client.lookup({ ...request, peerId: this.#peerId }, { timeoutMs: TRACKER_CALL_TIMEOUT_MS, signal });
    } catch (error) {
      // Not to know a content is an answer.
      if (error instanceof PiecewiseError && error.code === "CONTENT_NOT_FOUND") return undefined;
      throw error;
    }
  }

  /** Addresses of peers of one swarm, those that are worth dialling; none if the tracker does not know it. @throws RemoteError */
  async lookupPeers(contentId: ContentId, peersMax: number, signal: AbortSignal): Promise<string[]> {
    const response = await this.lookup({ what: { case: "contentId", value: contentId }, peersMax }, signal);
    // Whoever tells more than was asked for does not crowd out others.
    const told = response?.peers.slice(0, peersMax).map(({ address }) => address) ?? [];
    return told.filter((address) => isWorthDialling(address, this.#channel));
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#call;
    this.#settleWaiters(new CancelledError("the peer is closing"));
    if (this.#leaseToken.length > 0) await this.#unregister();
    this.#channel.close();
  }

  #arm(): void {
    if (this.#closing.signal.aborted || this.#call !== undefined) return;
    clearTimeout(this.#timer);
    // Without contents there is nothing to register; a lease that exists is kept up.
    if (this.#options.contents.size === 0 && !this.#keeper.isRegistered) return;
    const delayMs = Math.max(0, this.#keeper.dueAtMs - this.#options.now());
    this.#timer = setTimeout(() => {
      this.#call = this.#callTracker().finally(() => {
        this.#call = undefined;
        this.#arm();
      });
    }, delayMs);
  }

  async #callTracker(): Promise<void> {
    const { now } = this.#options;
    const call = this.#keeper.nextCall;
    const isHurried = this.#hasNews();
    try {
      const renewAfterMs = call === "register" ? await this.#register() : await this.#renew();
      this.#keeper.answered(renewAfterMs, now());
      // Contents may have come while the call was under way; the tracker hears of them at once.
      if (this.#hasNews()) this.#keeper.contentsChanged(now());
      this.#settleWaiters();
      this.#isAway = false;
      if (!isHurried) await this.#lookUpPeers();
    } catch (error) {
      if (!(error instanceof PiecewiseError)) throw error;
      this.#keeper.failed(error.code, error.retryAfterMs, now());
      if (!this.#closing.signal.aborted) this.#callFailed(call, error);
    }
  }

  #callFailed(call: LeaseCall, error: PiecewiseError): void {
    if (error.code === "LEASE_TOKEN_WRONG") this.#changePeerId();
    const isRoutine = error.code === "REGISTER_AGAIN";
    // Who waits for this call is told as well.
    const isTold = isRoutine || this.#waiters.length > 0;
    // A tracker that is away is tried again and again; to hear of it once is enough.
    const level = isTold ? "info" : this.#isAway ? "debug" : "warn";
    this.#options.logger[level]({ tracker: this.address, call, code: error.code }, error.message);
    if (isRoutine) return;
    this.#isAway ||= !isTold;
    this.#settleWaiters(error);
  }

  async #register(): Promise<number> {
    const { port, advertise, contents } = this.#options;
    const covered = [...contents.values()].slice(0, ANNOUNCED_CONTENTS_MAX);
    const telling = covered.map(tellingOf);
    const response = await this.client.register(
      {
        peerId: this.#peerId,
        port,
        advertisedAddress: advertise ?? "",
        contents: covered.map((content) => this.#announce(content)),
        sequence: this.#sequence,
        leaseToken: this.#leaseToken,
      },
      { timeoutMs: TRACKER_CALL_TIMEOUT_MS, signal: this.#closing.signal },
    );
    this.#leaseToken = response.leaseToken;
    if (this.#listing.noteRegistered(response)) this.#warnUnreachable();
    this.#told.clear();
    for (const [contentId, told] of telling) this.#told.set(contentId, told);
    return durationToMs(response.renewAfter, RENEW_FALLBACK_MS);
  }

  async #renew(): Promise<number> {
    const { contents } = this.#options;
    const added = [...contents.values()].filter((content) => !this.#told.has(content.contentId)).slice(0, ANNOUNCED_CONTENTS_MAX);
    const removed = [...this.#told.keys()].filter((contentId) => !contents.has(contentId));
    const progressed = [...contents.values()].filter((content) => this.#hasProgressed(content.contentId)).slice(0, ANNOUNCED_CONTENTS_MAX);
    const telling = [...added, ...progressed].map(tellingOf);
    const response = await this.client.renew(
      {
        peerId: this.#peerId,
        leaseToken: this.#leaseToken,
        sequence: this.#sequence + 1n,
        added: added.map((content) => this.#announce(content)),
        removed,
        progress: progressed.map((content) => progressToWire(content, this.#told.get(content.contentId)!)),
      },
      { timeoutMs: TRACKER_CALL_TIMEOUT_MS, signal: this.#closing.signal },
    );
    if (this.#listing.noteRenewed(response)) this.#warnUnreachable();
    this.#sequence += 1n;
    for (const contentId of removed) this.#told.delete(contentId);
    for (const [contentId, told] of telling) this.#told.set(contentId, told);
    return durationToMs(response.renewAfter, RENEW_FALLBACK_MS);
  }

  #warnUnreachable(): void {
    const { port, advertise, logger } = this.#options;
    const where = advertise ?? `port ${port} of the address from which it called`;
    logger.warn(
      { tracker: this.address, reachable: false },
      `you can download, others cannot reach you: the tracker found nobody at ${where}; open that port, or name the address at which others reach it with --advertise IP:PORT`,
    );
  }

  /**
   * The answer with the token was lost, and until that lease ends the tracker will not hear of us under this id. Under another one we take
   * the place of the lease at once, because we call from where it was opened.
   */
  #changePeerId(): void {
    this.#peerId = randomBytes(PEER_ID_BYTES);
    this.#leaseToken = new Uint8Array();
  }

  /** Learns who else has what we have, so that we can pass it on when there is no tracker. Downloads look for peers themselves. */
  async #lookUpPeers(): Promise<void> {
    const { contents, now, logger } = this.#options;
    if (this.#toLookUp.size === 0) for (const { contentId, source } of contents.values()) if (source.held.isFull) this.#toLookUp.add(contentId);
    const lookUp = async (contentId: ContentId): Promise<void> => {
      this.#toLookUp.delete(contentId);
      try {
        const addresses = await this.lookupPeers(contentId, LOOKED_UP_PEERS_MAX, this.#closing.signal);
        for (const address of addresses) contents.get(contentId)?.knownPeers.saw(address, now());
      } catch (error) {
        if (!(error instanceof PiecewiseError)) throw error;
        logger.debug({ tracker: this.address, contentId, code: error.code }, error.message);
      }
    };
    await Promise.all([...this.#toLookUp].slice(0, LOOKUPS_PER_RENEWAL_MAX).map(lookUp));
  }

  async #unregister(): Promise<void> {
    try {
      await this.client.unregister({ peerId: this.#peerId, leaseToken: this.#leaseToken }, { timeoutMs: UNREGISTER_TIMEOUT_MS });
    } catch (error) {
      if (!(error instanceof PiecewiseError)) throw error;
      this.#options.logger.debug({ tracker: this.address, code: error.code }, error.message);
    }
  }

  #announce(content: LocalContent): MessageInitShape<typeof ContentAnnouncementSchema> {
    return announcementToWire(content, this.#told.get(content.contentId) ?? NOTHING_TOLD);
  }

  #hasProgressed(contentId: ContentId): boolean {
    const content = this.#options.contents.get(contentId);
    const told = this.#told.get(contentId);
    if (content === undefined || told === undefined) return false;
    return (
      told.piecesHeld !== content.source.held.count || told.receivedBytes !== content.receivedBytes || told.sentBytes !== content.sentBytes
    );
  }

  #hasNews(): boolean {
    const { contents } = this.#options;
    for (const contentId of contents.keys()) if (!this.#told.has(contentId)) return true;
    for (const contentId of this.#told.keys()) if (!contents.has(contentId)) return true;
    return false;
  }

  /** Lets go those whose content is known by now, or is no longer here; with an error, everybody else too. */
  #settleWaiters(error?: PiecewiseError): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (this.#told.has(waiter.contentId)) waiter.resolve();
      else if (error !== undefined) waiter.reject(error);
      else if (!this.#options.contents.has(waiter.contentId)) waiter.reject(new CancelledError("the content is no longer here"));
      else this.#waiters.push(waiter);
    }
    assert(error === undefined || this.#waiters.length === 0, "a waiter was forgotten");
  }
}
