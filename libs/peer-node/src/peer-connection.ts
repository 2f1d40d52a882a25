import { CancelledError, contentIdFromHash, IntegrityError, RemoteError, type ContentId, type PiecewiseError } from "@piecewise/base";
import { PeerService, type GetPieceResponse, type WatchPiecesResponse } from "@piecewise/contract";
import { MANIFEST_BYTES_MAX } from "@piecewise/manifest";
import { createTokenBucket, type PieceRange } from "@piecewise/piece-engine";
import { sha256 } from "@piecewise/piece-store";
import { createClient, openChannel, type ClientStream, type RpcChannel, type ServiceClient, type StreamListener } from "@piecewise/rpc";
import { BulkConnections } from "./bulk-connections.js";
import { CollectedBytes } from "./collected-bytes.js";
import { EXCHANGED_PEERS_MAX, isWorthDialling } from "./wire.js";

/** How long an answer to a unary call is waited for. */
export const PEER_CALL_TIMEOUT_MS = 10_000;
/** A report has arrived long before: its answer says nothing, and whoever is reported must not keep a process from ending. */
export const REPORT_TIMEOUT_MS = 1_000;
/** Messages of news that are read of one peer in a second; one that sends more is held back. */
export const NEWS_PER_SECOND_MAX = 200;
/** So many at once are read without a pause. */
export const NEWS_BURST = 1_000;
/** A manifest of which nothing has come for so long will not come. */
export const MANIFEST_STALL_MS = 15_000;

/** Who we are, as told to peers. */
export interface OwnCaller {
  readonly peerId: Uint8Array;
  readonly port: number;
}

/** What pieces, or a range inside one, are asked for with. */
export interface WantedPieces {
  readonly runs: readonly PieceRange[];
  readonly offset: number;
  readonly length: number;
}

/**
 * The connection to one peer for one content: news and small calls on one channel, pieces on others, so that a paused piece stream
 * never holds up the news.
 */
export class PeerConnection {
  readonly address: string;
  readonly #contentId: ContentId;
  readonly #caller: OwnCaller;
  readonly #control: RpcChannel;
  readonly #client: ServiceClient<typeof PeerService>;
  readonly #bulk: BulkConnections;
  readonly #streams = new Set<ClientStream>();
  readonly #closing = new AbortController();
  readonly #reports: Promise<void>[] = [];

  constructor(address: string, contentId: ContentId, caller: OwnCaller) {
    this.address = address;
    this.#contentId = contentId;
    this.#caller = caller;
    this.#control = openChannel(address, { purpose: "control", remote: "peer" });
    this.#client = createClient(PeerService, this.#control);
    this.#bulk = new BulkConnections(address);
  }

  watchPieces(listener: StreamListener<WatchPiecesResponse>): void {
    const news = createTokenBucket(NEWS_PER_SECOND_MAX, NEWS_BURST);
    const stream = this.#client.watchPieces(
      { contentId: this.#contentId, caller: this.#caller },
      {
        ...listener,
        onMessage: (message) => {
          listener.onMessage(message);
          const nowMs = performance.now();
          news.take(1, nowMs);
          if (news.available(nowMs) >= 1) return;
          // To be read and thought about as fast as they can be sent, they would keep this process from everything else.
          stream.pause();
          setTimeout(() => stream.resume(), news.availableAtMs(1, nowMs) - nowMs).unref();
        },
      },
    );
    this.#streams.add(stream);
  }

  /** Pieces will be asked for soon. */
  prepareForPieces(): void {
    this.#bulk.connect();
  }

  getPiece({ runs, offset, length }: WantedPieces, listener: StreamListener<GetPieceResponse>): ClientStream {
    const [{ first: pieceIndex, count: pieceCount }, ...morePieces] = runs as [PieceRange, ...PieceRange[]];
    const request = { contentId: this.#contentId, pieceIndex, pieceCount, offset, length, caller: this.#caller, morePieces };
    return this.#bulk.getPiece(request, listener);
  }

  /**
   * Fetches the manifest's bytes and holds them against the content id.
   * @throws IntegrityError MANIFEST_INVALID if they are not what the id says; RemoteError; CancelledError when closed, or by the signal.
   */
  fetchManifest(signal: AbortSignal): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const collected = new CollectedBytes();
      const fail = (error: PiecewiseError): void => {
        clearTimeout(timer);
        stream.cancel();
        reject(error);
      };
      const stalled = (): void => fail(new RemoteError("TIMED_OUT", `${this.address} stopped sending the manifest`, { remote: this.address }));
      let timer = setTimeout(stalled, MANIFEST_STALL_MS);
      const stream = this.#client.getManifest(
        { contentId: this.#contentId, caller: this.#caller },
        {
          onMessage: ({ data }) => {
            clearTimeout(timer);
            timer = setTimeout(stalled, MANIFEST_STALL_MS);
            // Parts without bytes would never bring it to its end.
            if (data.length === 0) fail(new RemoteError("PROTOCOL_VIOLATION", `${this.address} sends nothing as a part of the manifest`, { remote: this.address }));
            else if (collected.length + data.length > MANIFEST_BYTES_MAX) fail(new IntegrityError("MANIFEST_INVALID", `${this.address} sends a manifest of more than ${MANIFEST_BYTES_MAX} bytes`));
            else collected.append(data);
          },
          onEnd: (error) => {
            clearTimeout(timer);
            if (error !== undefined) return reject(error);
            const manifestBytes = collected.toBytes();
            if (contentIdFromHash(sha256(manifestBytes)) === this.#contentId) return resolve(manifestBytes);
            return reject(new IntegrityError("MANIFEST_INVALID", `${this.address} sent a manifest that does not match the content id`));
          },
        },
      );
      this.#streams.add(stream);
      AbortSignal.any([this.#closing.signal, signal]).addEventListener("abort", () => fail(new CancelledError()), { once: true });
    });
  }

  /** Addresses of other peers of the swarm, those that are worth dialling. @throws RemoteError */
  async exchangePeers(): Promise<string[]> {
    const response = await this.#client.exchangePeers(
      { contentId: this.#contentId, caller: this.#caller },
      { timeoutMs: PEER_CALL_TIMEOUT_MS, signal: this.#closing.signal },
    );
    // Whoever tells more than anybody should does not crowd out others.
    const told = response.peers.slice(0, EXCHANGED_PEERS_MAX).map(({ address }) => address);
    return told.filter((address) => isWorthDialling(address, this.#control));
  }

  /** @throws RemoteError */
  reportBadPiece(pieceIndex: number): Promise<void> {
    const request = { contentId: this.#contentId, pieceIndex, caller: this.#caller };
    const report = this.#client.reportBadPiece(request, { timeoutMs: REPORT_TIMEOUT_MS }).then(() => {});
    this.#reports.push(report);
    return report;
  }

  /** Ends every call. Nothing more is heard from this peer. */
  close(): void {
    this.#closing.abort();
    for (const stream of this.#streams) stream.cancel();
    this.#bulk.close();
    // A report goes out although the connection is closed because of that very piece.
    void Promise.allSettled(this.#reports).then(() => this.#control.close());
  }
}
