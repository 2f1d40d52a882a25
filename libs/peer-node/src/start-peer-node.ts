import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createPrng, displayText, KIB, parseHostPort, PEER_ID_BYTES, silentLogger, UsageError } from "@piecewise/base";
import { PeerService } from "@piecewise/contract";
import { checkContentName, formatLink, LINK_TRACKERS_MAX, type Manifest } from "@piecewise/manifest";
import { createTransferBudget, createUploadEngine } from "@piecewise/piece-engine";
import { openSharedFiles } from "@piecewise/piece-store";
import { chunkCodec, implementService, startRpcServer, type RpcServer } from "@piecewise/rpc";
import { CallerWatches } from "./caller-watches.js";
import { downloadContent, type DownloadHost } from "./content-download.js";
import { createLocalContent, type ContentTable, type LocalContent } from "./content-table.js";
import { fetchManifest } from "./fetch-manifest.js";
import { KnownPeers } from "./known-peers.js";
import { defaultListen, dialableAddress } from "./listen-address.js";
import { Membership } from "./membership.js";
import { nameOfPath } from "./output-path.js";
import type {
  ContentListing,
  ContentQuery,
  DownloadOptions,
  DownloadResult,
  DownloadTarget,
  ManifestOptions,
  PeerNode,
  PeerNodeOptions,
  SharedContent,
  ShareOptions,
} from "./peer-node.js";
import { createPieceService } from "./piece-service.js";
import { TrackerGroup } from "./tracker-group.js";
import { TrackerSession } from "./tracker-session.js";
import { UploadLoop } from "./upload-loop.js";
import { isDialable } from "./wire.js";

/** How long `close` lets streams in flight go on. */
export const DRAIN_MS = 5_000;

/** Requests to a peer are small: ids, indices, who calls. The longest has 64 runs of pieces and about 1 KiB. */
export const PEER_REQUEST_BYTES_MAX = 8 * KIB;

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
  const uploads = new UploadLoop(createUploadEngine({ bytesPerSecond: options.uploadBytesPerSecond, firstDealt: prng.nextUint32() }), now, logger, new CallerWatches(peerId));
  const sessions: TrackerSession[] = [];
  const otherPeerIds = (): Uint8Array[] => sessions.map((session) => session.peerId).filter((id) => id !== peerId);
  const service = createPieceService({ peerId, otherPeerIds, contents, uploads, prng, now, logger });
  const server = await startRpcServer({
    listen: options.listen === undefined ? defaultListen(trackers, options.port) : parseHostPort(options.listen, "the listen address"),
    services: [implementService(PeerService, service, { getPiece: chunkCodec })],
    logger,
    limits: { requestBytesMax: PEER_REQUEST_BYTES_MAX },
  });
  const { port } = parseHostPort(server.address, "the listen address");
  for (const address of trackers) {
    sessions.push(new TrackerSession({ address, peerId, port, advertise: options.advertise, contents, logger, prng, now }));
  }
  const group = new TrackerGroup(sessions, logger);
  return new StartedPeerNode({
    options,
    server,
    uploads,
    logger,
    prng,
    now,
    trackers: group,
    membership: new Membership(contents, uploads, group),
    caller: { peerId, port },
    budget: createTransferBudget({ downloadBytesPerSecond: options.downloadBytesPerSecond }),
  });
}

interface Parts extends DownloadHost {
  readonly options: PeerNodeOptions;
  readonly server: RpcServer;
}

class StartedPeerNode implements PeerNode {
  readonly #parts: Parts;
  readonly #closing = new AbortController();
  /** Shares and downloads under way. */
  readonly #underWay = new Set<Promise<unknown>>();
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

  share(path: string, options: ShareOptions = {}): Promise<SharedContent> {
    return this.#untilClosed(this.#share(path, options));
  }

  async #share(path: string, options: ShareOptions): Promise<SharedContent> {
    const name = options.name ?? nameOfPath(path);
    const wrong = checkContentName(name);
    if (wrong !== undefined) throw new UsageError("PATH_NOT_SHAREABLE", `the name cannot be used: ${wrong}; give another one`);
    const { membership, trackers } = this.#parts;
    membership.checkRoom();
    const signal = this.#signalWith(options.signal);
    const { source, skipped } = await openSharedFiles(path, { pieceLength: options.pieceLength, signal, onProgress: options.onProgress });
    const known = membership.get(source.contentId);
    if (known !== undefined) {
      await source[Symbol.asyncDispose]();
      return this.#describe(known, skipped);
    }
    const content = createLocalContent(name, source, new KnownPeers(membership.banned));
    membership.join(content);
    try {
      await trackers.whenTold(content.contentId, signal);
    } catch (error) {
      await membership.leave(content);
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

  async download(target: DownloadTarget, options: DownloadOptions = {}): Promise<DownloadResult> {
    const { membership } = this.#parts;
    membership.checkRoom();
    checkPeers(target);
    membership.checkAbsent(target.contentId);
    return this.#untilClosed(downloadContent(this.#parts, target, options, this.#signalWith(options.signal)));
  }

  async fetchManifest(target: DownloadTarget, options: ManifestOptions = {}): Promise<Manifest> {
    checkPeers(target);
    const known = this.#parts.membership.get(target.contentId);
    if (known !== undefined) return known.source.manifest;
    return this.#untilClosed(fetchManifest(this.#parts, target, options, this.#signalWith(options.signal)));
  }

  close({ drainMs = DRAIN_MS }: { readonly drainMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drainMs: number): Promise<void> {
    const { trackers, uploads, server, membership } = this.#parts;
    this.#closing.abort();
    await Promise.all(this.#underWay);
    const drainTimer = new AbortController();
    const drainUntilMs = now() + drainMs;
    const drained = uploads.drain().then(() => drainTimer.abort());
    await Promise.all([trackers.close(), Promise.race([drained, delay(drainMs, undefined, { signal: drainTimer.signal }).catch(() => {})])]);
    uploads.close();
    // The last chunks, and what watchers were told, may still be on their way out.
    await server.close({ drainMs: Math.max(0, drainUntilMs - now()) });
    await membership.disposeAll();
  }

  /** `close` ends the work and waits for its end. */
  #untilClosed<Result>(work: Promise<Result>): Promise<Result> {
    const settled = work.then(
      () => {},
      () => {},
    );
    this.#underWay.add(settled);
    void settled.then(() => this.#underWay.delete(settled));
    return work;
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

/** @throws UsageError INVALID_ARGUMENT if one of the peers that are to be asked cannot be dialled. */
function checkPeers({ peers = [] }: DownloadTarget): void {
  const wrong = peers.find((address) => !isDialable(address));
  if (wrong !== undefined) throw new UsageError("INVALID_ARGUMENT", `the peer "${displayText(wrong)}" cannot be dialled; give HOST:PORT`);
}
