import { assert, AssertionError, CancelledError, type ContentId } from "@piecewise/base";
import type { Manifest } from "@piecewise/manifest";
import { createDownloadEngine } from "@piecewise/piece-engine";
import type { PieceStore } from "@piecewise/piece-store";
import type { DownloadWorld } from "./command-runner.js";
import type { DownloadHost } from "./content-download.js";
import { Download } from "./download.js";
import type { DownloadTarget, ManifestOptions } from "./peer-node.js";

/** Peers asked at a time: one of them answers. */
const PEERS_ASKED_MAX = 4;

/** Does what a download does until its target would be opened, and ends there. @throws as `PeerNode.fetchManifest` says. */
export async function fetchManifest(
  host: DownloadHost,
  { contentId, peers = [] }: DownloadTarget,
  { sourceTimeoutMs, onProgress }: ManifestOptions,
  signal: AbortSignal,
): Promise<Manifest> {
  if (signal.aborted) throw new CancelledError();
  const { prng, budget, trackers, now } = host;
  const world = new ManifestWorld(host, contentId);
  const givenAddresses = peers.filter((address) => !world.isBanned(address));
  const hasTracker = !trackers.isEmpty;
  const engine = createDownloadEngine({ prng, budget, givenAddresses, hasTracker, peersMax: PEERS_ASKED_MAX, sourceTimeoutMs });
  const download = new Download({ engine, now, world, signal, onProgress });
  download.start();
  try {
    await download.finished;
  } catch (error) {
    // It has to fail, for there is no store: with the manifest in hand that is its good end.
    if (world.manifest === undefined) throw error;
  }
  assert(world.manifest !== undefined, "no download finishes without a manifest");
  return world.manifest;
}

/** A world in which nothing is stored, and which nobody joins. */
class ManifestWorld implements DownloadWorld {
  readonly contentId: ContentId;
  /** Who says neither who it is nor where it listens is not dialled back, and not passed on to others. */
  readonly caller = { peerId: new Uint8Array(), port: 0 };
  readonly logger: DownloadWorld["logger"];
  manifest: Manifest | undefined;
  readonly #host: DownloadHost;

  constructor(host: DownloadHost, contentId: ContentId) {
    this.contentId = contentId;
    this.logger = host.logger;
    this.#host = host;
  }

  lookupPeers(signal: AbortSignal, onFound: (addresses: readonly string[]) => void): Promise<void> {
    return this.#host.trackers.lookupPeers(this.contentId, signal, onFound);
  }

  async openStore(manifest: Manifest): Promise<PieceStore> {
    this.manifest = manifest;
    throw new CancelledError("nothing but the manifest is wanted");
  }

  heard(): void {
    // There is nobody to whom these peers could be passed on.
  }

  banned(address: string): void {
    this.#host.membership.banned.add(address);
  }

  isBanned(address: string): boolean {
    return this.#host.membership.banned.has(address);
  }

  pieceStored(): never {
    throw new AssertionError("a piece was stored although no store was opened");
  }

  credited(): never {
    throw new AssertionError("a piece was stored although no store was opened");
  }

  received(): never {
    throw new AssertionError("a piece was asked for although no store was opened");
  }
}
