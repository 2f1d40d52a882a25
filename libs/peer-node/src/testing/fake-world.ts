import { type ContentId, type PiecewiseError, silentLogger } from "@piecewise/base";
import type { DownloadEngine } from "@piecewise/piece-engine";
import { openMemoryStore, type PieceStore } from "@piecewise/piece-store";
import type { DownloadWorld } from "../command-runner.js";
import { Download } from "../download.js";
import type { DownloadProgress } from "../peer-node.js";

/** A process around a download that notes what it is told. */
export function fakeWorld(contentId: ContentId, changes: Partial<DownloadWorld> = {}) {
  const noted: string[] = [];
  const world: DownloadWorld = {
    contentId,
    caller: { peerId: new Uint8Array(16), port: 4001 },
    logger: silentLogger,
    lookupPeers: async () => {},
    openStore: async (manifest, manifestBytes): Promise<PieceStore> => openMemoryStore({ contentId, manifest, manifestBytes }),
    heard: (address) => void noted.push(`heard ${address}`),
    banned: (address) => void noted.push(`banned ${address}`),
    isBanned: () => false,
    pieceStored: (piece) => void noted.push(`stored ${piece}`),
    credited: (address, bytes) => void noted.push(`credited ${address} ${bytes}`),
    received: (bytes) => void noted.push(`received ${bytes}`),
    ...changes,
  };
  return { world, noted };
}

export interface StartedDownload {
  readonly download: Download;
  /** What it ended with; undefined if every piece is stored. */
  readonly ended: Promise<PiecewiseError | undefined>;
  readonly stop: AbortController;
  readonly progress: DownloadProgress[];
}

export function startDownload(engine: DownloadEngine, world: DownloadWorld): StartedDownload {
  const stop = new AbortController();
  const progress: DownloadProgress[] = [];
  const onProgress = (now: DownloadProgress): void => void progress.push(now);
  const download = new Download({ engine, now: () => performance.now(), world, signal: stop.signal, onProgress });
  const ended = download.finished.then(
    () => undefined,
    (error: PiecewiseError) => error,
  );
  download.start();
  return { download, ended, stop, progress };
}
