import { CancelledError, contentIdFromHash, type ContentId } from "@piecewise/base";
import type { Manifest } from "@piecewise/manifest";
import type {
  ContentListing,
  ContentQuery,
  DownloadOptions,
  DownloadProgress,
  DownloadResult,
  DownloadTarget,
  ManifestOptions,
  PeerNode,
  PeerNodeOptions,
  SharedContent,
  ShareOptions,
} from "@piecewise/peer-node";

/** Ends as the signal does. */
export const untilCancelled = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => {
    const cancel = () => reject(new CancelledError());
    if (signal?.aborted === true) cancel();
    signal?.addEventListener("abort", cancel, { once: true });
  });

/** The id that is all of one digit. */
export const testId = (byte: number): ContentId => contentIdFromHash(new Uint8Array(32).fill(byte));

export const testListing = (facts: Partial<ContentListing> = {}): ContentListing => ({
  contentId: testId(0xab),
  names: ["film.mkv"],
  totalBytes: 3_000_000,
  pieceLength: 262_144,
  entryCount: 1,
  seedCount: 2,
  leecherCount: 1,
  ...facts,
});

/** A file of 100 bytes in two pieces. */
export const testManifest = (facts: Partial<Manifest> = {}): Manifest => ({
  totalBytes: 100,
  pieceLength: 64,
  entries: [{ path: "", kind: "file", bytes: 100, executable: false }],
  pieceHashes: new Uint8Array(64),
  ...facts,
});

export const testProgress = (facts: Partial<DownloadProgress> = {}): DownloadProgress => ({
  phase: "downloading",
  verifiedBytes: 1_572_864,
  totalBytes: 3_145_728,
  receivedBytes: 1_600_000,
  resumedBytes: 0,
  bytesPerSecond: 1_048_576,
  etaMs: 1_500,
  connectedPeers: 2,
  peers: [],
  ...facts,
});

/** A peer that does what a test says and remembers what it was asked. */
export class FakeNode implements PeerNode {
  readonly listenAddress = "127.0.0.1:4001";
  readonly publicAddress = "127.0.0.1:4001";
  options: PeerNodeOptions | undefined;
  readonly calls: string[] = [];
  target: DownloadTarget | undefined;
  downloadOptions: DownloadOptions | undefined;
  shareOptions: ShareOptions | undefined;
  listings: readonly ContentListing[] = [testListing()];
  skipped: readonly string[] = [];
  /** What happens in a download before it succeeds. */
  onDownload: (options: DownloadOptions) => Promise<void> = async (options) => options.onProgress?.(testProgress());
  /** What happens in a share before it succeeds. */
  onShare: (options: ShareOptions) => Promise<void> = async (options) => options.onProgress?.({ doneBytes: 50, totalBytes: 100 });
  /** What `fetchManifest` gives. */
  manifest: Manifest = testManifest();
  /** What happens in `fetchManifest` before it succeeds. */
  onFetchManifest: (options: ManifestOptions) => Promise<void> = async () => {};
  /** What happens in `find` and `list` before they answer. */
  onAsk: () => Promise<void> = async () => {};

  async share(path: string, options: ShareOptions = {}): Promise<SharedContent> {
    this.calls.push(`share ${path}`);
    this.shareOptions = options;
    await this.onShare(options);
    const name = options.name ?? path.split("/").at(-1)!;
    const link = `piecewise:${testId(1)}?name=${encodeURIComponent(name)}&peer=127.0.0.1:4001`;
    const { skipped } = this;
    return { contentId: testId(1), name, totalBytes: 100, pieceLength: 64, pieceCount: 2, fileCount: 1, link, skipped };
  }

  async find(query: ContentQuery): Promise<readonly ContentListing[]> {
    this.calls.push(`find ${query.name ?? query.contentId ?? query.idPrefix}${query.pieceLength === undefined ? "" : ` ${query.pieceLength}`}`);
    await this.onAsk();
    return this.listings.filter(
      ({ contentId, names, pieceLength }) =>
        (query.pieceLength ?? pieceLength) === pieceLength &&
        (names.includes(query.name ?? "") || contentId === query.contentId || (query.idPrefix !== undefined && contentId.startsWith(query.idPrefix))),
    );
  }

  async list(filter = ""): Promise<readonly ContentListing[]> {
    this.calls.push(`list ${filter}`);
    await this.onAsk();
    return this.listings.filter(({ names }) => names.some((name) => name.includes(filter)));
  }

  async download(target: DownloadTarget, options: DownloadOptions = {}): Promise<DownloadResult> {
    this.calls.push(`download ${target.contentId}`);
    this.target = target;
    this.downloadOptions = options;
    await this.onDownload(options);
    const peers = [{ address: "127.0.0.1:4002", bytes: 100, pieces: 2 }];
    const manifest = { totalBytes: 100, pieceLength: 64, entries: [], pieceHashes: new Uint8Array(64) };
    return { contentId: target.contentId, manifest, path: "/tmp/film.mkv", bytes: 100, receivedBytes: 90, resumedBytes: 10, peers };
  }

  async fetchManifest(target: DownloadTarget, options: ManifestOptions = {}): Promise<Manifest> {
    this.calls.push(`manifest ${target.contentId}`);
    this.target = target;
    await this.onFetchManifest(options);
    return this.manifest;
  }

  async close(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.calls.push(`close ${options.drainMs}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
