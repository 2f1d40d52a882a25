import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  assert,
  CancelledError,
  createPrng,
  KIB,
  parseHostPort,
  PEER_ID_BYTES,
  silentLogger,
  UsageError,
  type Logger,
  type Prng,
} from "@piecewise/base";
import { PeerService } from "@piecewise/contract";
import { checkContentName, formatLink, LINK_TRACKERS_MAX, type Manifest } from "@piecewise/manifest";
import { createDownloadEngine, createTransferBudget, createUploadEngine, type TransferBudget } from "@piecewise/piece-engine";
import { openFileStore, openSharedFiles, type PieceStore } from "@piecewise/piece-store";
import { chunkCodec, implementService, startRpcServer, type RpcServer } from "@piecewise/rpc";
import { BanList } from "./ban-list.js";
import { CONTENTS_MAX, createLocalContent, type ContentTable, type LocalContent } from "./content-table.js";
import { Download } from "./download.js";
import { defaultListen, dialableAddress } from "./listen-address.js";
import { fileNameFor, nameOfPath, resolveOutput } from "./output-path.js";
import type { OwnCaller } from "./peer-connection.js";
import type {
  ContentListing,
  ContentQuery,
  DownloadOptions,
  DownloadResult,
  DownloadTarget,
  PeerNode,
  PeerNodeOptions,
  SharedContent,
  ShareOptions,
} from "./peer-node.js";
import { createPieceService } from "./piece-service.js";
import { TrackerGroup } from "./tracker-group.js";
import { TrackerSession } from "./tracker-session.js";
import { UploadLoop } from "./upload-loop.js";

/** How long `close` lets streams in flight go on. */
export const DRAIN_MS = 5_000;

/** Requests to a peer are small: ids, indices, who calls. */
const REQUEST_BYTES_MAX = 64 * KIB;

const now = (): number => performance.now();

/**
 * Starts a peer.
 * @throws UsageError ADDRESS_IN_USE if something listens there already; INVALID_ARGUMENT for a malformed address or too many trackers.
 */
export async function startPeerNode(options: PeerNodeOptions): Promise<PeerNode> {
  const trackers = [...new Set(options.trackers)];
  if (trackers.length > LINK_TRACKERS_MAX) {
    throw new UsageError("INVALID_ARGUMENT", `${trackers.length} trackers are named; a peer registers with at most ${LINK_TRACKERS_MAX}`);
  }
  const logger = options.logger ?? silentLogger;
  const prng = createPrng(randomInt(2 ** 32));
  const peerId = randomBytes(PEER_ID_BYTES);
  const contents: ContentTable = new Map();
  const uploads = new UploadLoop(createUploadEngine({ bytesPerSecond: options.uploadBytesPerSecond }), now, logger);
  const service = createPieceService({ peerId, contents, uploads, prng, now });
  const server = await startRpcServer({
    listen: options.listen === undefined ? defaultListen(trackers, options.port) : parseHostPort(options.listen, "the listen address"),
    services: [implementService(PeerService, service, { getPiece: chunkCodec })],
    logger,
    limits: { requestBytesMax: REQUEST_BYTES_MAX },
  });
  const { port } = parseHostPort(server.address, "the listen address");
  const sessions = trackers.map(
    (address) => new TrackerSession({ address, peerId, port, advertise: options.advertise, contents, logger, prng, now }),
  );
  return new StartedPeerNode({
    options,
    server,
    uploads,
    contents,
    logger,
    prng,
    trackers: new TrackerGroup(sessions, peerId, logger),
    caller: { peerId, port },
    budget: createTransferBudget({ downloadBytesPerSecond: options.downloadBytesPerSecond }),
  });
}

interface Parts {
  readonly options: PeerNodeOptions;
  readonly server: RpcServer;
  readonly uploads: UploadLoop;
  readonly contents: ContentTable;
  readonly trackers: TrackerGroup;
  readonly caller: OwnCaller;
  readonly budget: TransferBudget;
  readonly logger: Logger;
  readonly prng: Prng;
}

class StartedPeerNode implements PeerNode {
  readonly #parts: Parts;
  readonly #closing = new AbortController();
  readonly #downloads = new Set<Promise<unknown>>();
  readonly #banned = new BanList();
  #closed: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get listenAddress(): string {
    return this.#parts.server.address;
  }

  get publicAddress(): string {
    const { options, trackers } = this.#parts;
    return options.advertise ?? trackers.listedAddress ?? dialableAddress(this.listenAddress);
  }

  async share(path: string, options: ShareOptions = {}): Promise<SharedContent> {
    const name = options.name ?? nameOfPath(path);
    const wrong = checkContentName(name);
    if (wrong !== undefined) throw new UsageError("PATH_NOT_SHAREABLE", `the name cannot be used: ${wrong}; give another one`);
    this.#checkRoom();
    const signal = this.#signalWith(options.signal);
    const { source, skipped } = await openSharedFiles(path, { pieceLength: options.pieceLength, signal, onProgress: options.onProgress });
    const known = this.#parts.contents.get(source.contentId);
    if (known !== undefined) {
      await source[Symbol.asyncDispose]();
      return this.#describe(known, skipped);
    }
    const content = createLocalContent(name, source);
    this.#join(content);
    try {
      await this.#parts.trackers.whenTold(content.contentId);
    } catch (error) {
      await this.#leave(content);
      throw error;
    }
    return this.#describe(content, skipped);
  }

  find(query: ContentQuery, { signal }: { signal?: AbortSignal } = {}): Promise<readonly ContentListing[]> {
    return this.#parts.trackers.find(query, this.#signalWith(signal));
  }

  list(filter = "", { signal }: { signal?: AbortSignal } = {}): Promise<readonly ContentListing[]> {
    return this.#parts.trackers.list(filter, this.#signalWith(signal));
  }

  download(target: DownloadTarget, options: DownloadOptions = {}): Promise<DownloadResult> {
    const result = this.#download(target, options);
    const settled = result.then(
      () => {},
      () => {},
    );
    this.#downloads.add(settled);
    void settled.then(() => this.#downloads.delete(settled));
    return result;
  }

  close({ drainMs = DRAIN_MS }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drainMs: number): Promise<void> {
    const { trackers, uploads, server, contents } = this.#parts;
    this.#closing.abort();
    await Promise.all(this.#downloads);
    const drainTimer = new AbortController();
    const drained = uploads.drain().then(() => drainTimer.abort());
    await Promise.all([trackers.close(), Promise.race([drained, delay(drainMs, undefined, { signal: drainTimer.signal }).catch(() => {})])]);
    uploads.close();
    await server.close({ drainMs: 0 });
    await Promise.all([...contents.values()].map((content) => content.source[Symbol.asyncDispose]()));
    contents.clear();
  }

  async #download(target: DownloadTarget, options: DownloadOptions): Promise<DownloadResult> {
    const { contentId } = target;
    const { contents, trackers, uploads, budget, caller, logger, prng } = this.#parts;
    this.#checkRoom();
    if (contents.has(contentId)) throw new UsageError("INVALID_ARGUMENT", "this peer has that content already");
    const signal = this.#signalWith(options.signal);
    if (signal.aborted) throw new CancelledError();
    const fileName = fileNameFor(target.name, contentId);
    const outputPath = await resolveOutput(options.output, fileName);
    let content: LocalContent | undefined;
    let store: PieceStore | undefined;
    const openStore = async (manifest: Manifest, manifestBytes: Uint8Array, storeSignal: AbortSignal): Promise<PieceStore> => {
      const opened = await openFileStore({ contentId, manifest, manifestBytes, outputPath, force: options.force, signal: storeSignal });
      store = opened;
      content = createLocalContent(target.name ?? fileName, opened);
      content.onCaller = (address) => {
        if (!this.#banned.has(address)) download.tell({ type: "peersFound", source: "caller", addresses: [address] });
      };
      this.#join(content);
      return opened;
    };
    const download = new Download({
      engine: createDownloadEngine({
        prng,
        budget,
        givenAddresses: (target.peers ?? []).filter((address) => !this.#banned.has(address)),
        hasTracker: !trackers.isEmpty,
        peersMax: options.peersMax,
        sourceTimeoutMs: options.sourceTimeoutMs,
      }),
      now,
      world: {
        contentId,
        caller,
        logger,
        openStore,
        lookupPeers: (lookupSignal) => trackers.lookupPeers(contentId, lookupSignal),
        connected: (address) => content?.knownPeers.saw(address, now()),
        banned: (address) => {
          content?.knownPeers.forget(address);
          this.#banned.add(address);
        },
        isBanned: (address) => this.#banned.has(address),
        pieceStored: (piece) => uploads.pieceStored(contentId, piece),
        received: (bytes) => {
          if (content !== undefined) content.receivedBytes += bytes;
        },
      },
      signal,
      onProgress: options.onProgress,
    });
    try {
      download.start();
      await download.finished;
      assert(store !== undefined && content !== undefined, "a finished download has a store");
      content.onCaller = undefined;
      const path = await store.finish();
      const { receivedBytes, resumedBytes, peers } = download.progress();
      return { contentId, manifest: store.manifest, path, bytes: store.manifest.totalBytes, receivedBytes, resumedBytes, peers };
    } catch (error) {
      if (content !== undefined) await this.#leave(content);
      throw error;
    }
  }

  #checkRoom(): void {
    if (this.#parts.contents.size < CONTENTS_MAX) return;
    throw new UsageError("INVALID_ARGUMENT", `a peer takes part in at most ${CONTENTS_MAX} contents; start another one`);
  }

  #join(content: LocalContent): void {
    const { contents, uploads, trackers } = this.#parts;
    contents.set(content.contentId, content);
    uploads.contentAdded(content);
    trackers.contentsChanged();
  }

  async #leave(content: LocalContent): Promise<void> {
    const { contents, uploads, trackers } = this.#parts;
    contents.delete(content.contentId);
    uploads.contentRemoved(content.contentId);
    trackers.contentsChanged();
    await content.source[Symbol.asyncDispose]();
  }

  #describe(content: LocalContent, skipped: readonly string[]): SharedContent {
    const { manifest } = content.source;
    const { name, contentId } = content;
    return {
      contentId,
      name,
      totalBytes: manifest.totalBytes,
      pieceLength: manifest.pieceLength,
      pieceCount: content.source.held.length,
      fileCount: manifest.entries.filter((entry) => entry.kind === "file").length,
      link: formatLink({ contentId, name, trackers: [...new Set(this.#parts.options.trackers)], peers: [this.publicAddress] }),
      skipped,
    };
  }

  #signalWith(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
  }
}
