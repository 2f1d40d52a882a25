import { assert, CancelledError, type ContentId, type Logger, type Prng } from "@piecewise/base";
import type { Manifest } from "@piecewise/manifest";
import { createDownloadEngine, createRecordedEngine, type TransferBudget } from "@piecewise/piece-engine";
import { openFileStore, type PieceStore } from "@piecewise/piece-store";
import { releaseFrame } from "@piecewise/rpc";
import type { DownloadWorld } from "./command-runner.js";
import { createLocalContent, type LocalContent } from "./content-table.js";
import { Download } from "./download.js";
import { KnownPeers } from "./known-peers.js";
import type { Membership } from "./membership.js";
import { fileNameFor, resolveOutput } from "./output-path.js";
import type { OwnCaller } from "./peer-connection.js";
import type { DownloadOptions, DownloadResult, DownloadTarget } from "./peer-node.js";
import { openRecording } from "./recording.js";
import type { TrackerGroup } from "./tracker-group.js";
import type { UploadLoop } from "./upload-loop.js";

/** What a download uses of the peer that runs it. */
export interface DownloadHost {
  readonly membership: Membership;
  readonly trackers: TrackerGroup;
  readonly uploads: UploadLoop;
  readonly budget: TransferBudget;
  readonly caller: OwnCaller;
  readonly logger: Logger;
  readonly prng: Prng;
  readonly now: () => number;
}

/** Downloads one content to its place; from the moment its target is open it is served too. @throws as `PeerNode.download` says. */
export async function downloadContent(
  host: DownloadHost,
  target: DownloadTarget,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<DownloadResult> {
  const fileName = fileNameFor(target.name, target.contentId);
  const outputPath = await resolveOutput(options.output, fileName);
  if (signal.aborted) throw new CancelledError();
  return new ContentDownload(host, target, options, outputPath, target.name ?? fileName).run(signal);
}

/** The process around one download: its target, its place in the swarm, its trackers. */
class ContentDownload implements DownloadWorld {
  readonly contentId: ContentId;
  readonly caller: OwnCaller;
  readonly logger: Logger;
  readonly #host: DownloadHost;
  readonly #target: DownloadTarget;
  readonly #options: DownloadOptions;
  readonly #outputPath: string;
  readonly #name: string;
  readonly #knownPeers: KnownPeers;
  #download: Download | undefined;
  #joined: { readonly content: LocalContent; readonly store: PieceStore } | undefined;

  constructor(host: DownloadHost, target: DownloadTarget, options: DownloadOptions, outputPath: string, name: string) {
    this.contentId = target.contentId;
    this.caller = host.caller;
    this.logger = host.logger;
    this.#host = host;
    this.#target = target;
    this.#options = options;
    this.#outputPath = outputPath;
    this.#name = name;
    this.#knownPeers = new KnownPeers(host.membership.banned);
  }

  async run(signal: AbortSignal): Promise<DownloadResult> {
    const { prng, budget, trackers, now } = this.#host;
    const { peersMax, sourceTimeoutMs, recordPath, onProgress } = this.#options;
    const givenAddresses = (this.#target.peers ?? []).filter((address) => !this.isBanned(address));
    const facts = { givenAddresses, hasTracker: !trackers.isEmpty, peersMax, sourceTimeoutMs };
    using recording = recordPath === undefined ? undefined : openRecording(recordPath, this.logger);
    const { downloadBytesPerSecond } = budget;
    const engine =
      recording === undefined
        ? createDownloadEngine({ ...facts, prng, budget })
        : createRecordedEngine({ ...facts, seed: prng.nextUint32(), downloadBytesPerSecond }, (line) => recording.write(line));
    const download = new Download({ engine, now, world: this, signal, onProgress });
    this.#download = download;
    try {
      download.start();
      await download.finished;
      return await this.#finish(download);
    } catch (error) {
      if (this.#joined !== undefined) await this.#host.membership.leave(this.#joined.content);
      throw error;
    }
  }

  async #finish(download: Download): Promise<DownloadResult> {
    assert(this.#joined !== undefined, "a finished download has a target");
    const { content, store } = this.#joined;
    content.onCaller = undefined;
    const path = await store.finish();
    const { receivedBytes, resumedBytes, peers } = download.progress();
    const { contentId } = this;
    return { contentId, manifest: store.manifest, path, bytes: store.manifest.totalBytes, receivedBytes, resumedBytes, peers };
  }

  lookupPeers(signal: AbortSignal, onFound: (addresses: readonly string[]) => void): Promise<void> {
    return this.#host.trackers.lookupPeers(this.contentId, signal, onFound);
  }

  async openStore(manifest: Manifest, manifestBytes: Uint8Array, signal: AbortSignal): Promise<PieceStore> {
    const { contentId } = this;
    const { force } = this.#options;
    const store = await openFileStore({ contentId, manifest, manifestBytes, outputPath: this.#outputPath, force, signal, onReleased: releaseFrame });
    try {
      if (signal.aborted) throw new CancelledError();
      this.#join(store);
    } catch (error) {
      await store[Symbol.asyncDispose]();
      throw error;
    }
    return store;
  }

  /** @throws UsageError INVALID_ARGUMENT if the content came here in another way meanwhile. */
  #join(store: PieceStore): void {
    const content = createLocalContent(this.#name, store, this.#knownPeers);
    this.#host.membership.join(content);
    this.#joined = { content, store };
    content.onCaller = (address) => {
      if (!this.isBanned(address)) this.#download?.tell({ type: "peersFound", source: "caller", addresses: [address] });
    };
  }

  heard(address: string): void {
    this.#knownPeers.saw(address, this.#host.now());
  }

  banned(address: string): void {
    this.#host.membership.banned.add(address);
  }

  isBanned(address: string): boolean {
    return this.#host.membership.banned.has(address);
  }

  pieceStored(piece: number): void {
    this.#host.uploads.pieceStored(this.contentId, piece);
  }

  credited(address: string, bytes: number): void {
    this.#host.uploads.peerGave(address, bytes);
  }

  received(bytes: number): void {
    if (this.#joined !== undefined) this.#joined.content.receivedBytes += bytes;
  }
}
