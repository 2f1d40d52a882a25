import type { MessageInitShape } from "@bufbuild/protobuf";
import { assert, CancelledError, PiecewiseError, type ContentId, type Logger, type Prng } from "@piecewise/base";
import { type ContentAnnouncementSchema, TrackerService } from "@piecewise/contract";
import { createClient, openChannel, type RpcChannel, type ServiceClient } from "@piecewise/rpc";
import type { ContentTable, LocalContent } from "./content-table.js";
import { LeaseKeeper } from "./lease-keeper.js";
import { announcementToWire, durationToMs, isDialable, progressToWire, type ReportedBytes } from "./wire.js";

/** A tracker that has not answered by then is taken to be unreachable. */
export const TRACKER_CALL_TIMEOUT_MS = 5_000;
/** Ending the lease is a courtesy: it would expire anyway. */
const UNREGISTER_TIMEOUT_MS = 1_000;
const RENEW_FALLBACK_MS = 10_000;
/** Contents told in one call, so that the message stays small; the next call follows at once with the rest. */
export const ANNOUNCED_CONTENTS_MAX = 2_000;

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
  #waiters: Waiter[] = [];
  #leaseToken: Uint8Array = new Uint8Array();
  #sequence = 0n;
  #listedAddress: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #call: Promise<void> | undefined;

  constructor(options: TrackerSessionOptions) {
    this.#options = options;
    this.address = options.address;
    this.#channel = openChannel(options.address, { purpose: "control", remote: "tracker" });
    this.client = createClient(TrackerService, this.#channel);
    this.#keeper = new LeaseKeeper(options.prng);
  }

  /** Under which the tracker lists this peer, once it has registered. */
  get listedAddress(): string | undefined {
    return this.#listedAddress;
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
    const { now, logger } = this.#options;
    const call = this.#keeper.nextCall;
    try {
      const renewAfterMs = call === "register" ? await this.#register() : await this.#renew();
      this.#keeper.answered(renewAfterMs, now());
      // Contents may have come while the call was under way; the tracker hears of them at once.
      if (this.#hasNews()) this.#keeper.contentsChanged(now());
      this.#settleWaiters();
    } catch (error) {
      if (!(error instanceof PiecewiseError)) throw error;
      this.#keeper.failed(error.code, error.retryAfterMs, now());
      if (this.#closing.signal.aborted) return;
      const isRoutine = error.code === "REGISTER_AGAIN";
      logger[isRoutine ? "info" : "warn"]({ tracker: this.address, call, code: error.code }, error.message);
      if (!isRoutine) this.#settleWaiters(error);
    }
  }

  async #register(): Promise<number> {
    const { peerId, port, advertise, contents } = this.#options;
    const covered = [...contents.values()].slice(0, ANNOUNCED_CONTENTS_MAX);
    const telling = covered.map(tellingOf);
    const response = await this.client.register(
      {
        peerId,
        port,
        advertisedAddress: advertise ?? "",
        contents: covered.map((content) => this.#announce(content)),
        sequence: this.#sequence,
        leaseToken: this.#leaseToken,
      },
      { timeoutMs: TRACKER_CALL_TIMEOUT_MS, signal: this.#closing.signal },
    );
    this.#leaseToken = response.leaseToken;
    // It goes into links.
    this.#listedAddress = isDialable(response.listedAddress) ? response.listedAddress : undefined;
    this.#told.clear();
    for (const [contentId, told] of telling) this.#told.set(contentId, told);
    return durationToMs(response.renewAfter, RENEW_FALLBACK_MS);
  }

  async #renew(): Promise<number> {
    const { peerId, contents } = this.#options;
    const added = [...contents.values()].filter((content) => !this.#told.has(content.contentId)).slice(0, ANNOUNCED_CONTENTS_MAX);
    const removed = [...this.#told.keys()].filter((contentId) => !contents.has(contentId));
    const progressed = [...contents.values()].filter((content) => this.#hasProgressed(content.contentId)).slice(0, ANNOUNCED_CONTENTS_MAX);
    const telling = [...added, ...progressed].map(tellingOf);
    const response = await this.client.renew(
      {
        peerId,
        leaseToken: this.#leaseToken,
        sequence: this.#sequence + 1n,
        added: added.map((content) => this.#announce(content)),
        removed,
        progress: progressed.map((content) => progressToWire(content, this.#told.get(content.contentId)!)),
      },
      { timeoutMs: TRACKER_CALL_TIMEOUT_MS, signal: this.#closing.signal },
    );
    this.#sequence += 1n;
    for (const contentId of removed) this.#told.delete(contentId);
    for (const [contentId, told] of telling) this.#told.set(contentId, told);
    return durationToMs(response.renewAfter, RENEW_FALLBACK_MS);
  }

  async #unregister(): Promise<void> {
    try {
      await this.client.unregister({ peerId: this.#options.peerId, leaseToken: this.#leaseToken }, { timeoutMs: UNREGISTER_TIMEOUT_MS });
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

  /** Lets go those whose content is known by now; with an error, everybody else too. */
  #settleWaiters(error?: PiecewiseError): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (this.#told.has(waiter.contentId)) waiter.resolve();
      else if (error !== undefined) waiter.reject(error);
      else this.#waiters.push(waiter);
    }
    assert(error === undefined || this.#waiters.length === 0, "a waiter was forgotten");
  }
}
