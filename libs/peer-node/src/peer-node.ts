import type { ContentId, Logger } from "@piecewise/base";
import type { Manifest } from "@piecewise/manifest";

/** How a peer is started. Rates are bytes per second, undefined for no limit. */
export interface PeerNodeOptions {
  /** Trackers as `host:port`; none is fine for a download from known peers. */
  readonly trackers: readonly string[];
  /** Where to listen, `host:port`, port 0 for any. Default: any port on loopback while all trackers are on loopback, else on all interfaces. */
  readonly listen?: string | undefined;
  /** The port to listen on where `listen` does not say. */
  readonly port?: number | undefined;
  /** The `host:port` that others are told, if it is not the one that the tracker observes. */
  readonly advertise?: string | undefined;
  readonly uploadBytesPerSecond?: number | undefined;
  readonly downloadBytesPerSecond?: number | undefined;
  readonly logger?: Logger | undefined;
}

/** `doneBytes` of `totalBytes` are hashed. */
export interface HashProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface ShareOptions {
  /** Default: the last part of the path. */
  readonly name?: string | undefined;
  /** Default: by the rule of the manifest library. */
  readonly pieceLength?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: HashProgress) => void) | undefined;
}

export interface SharedContent {
  readonly contentId: ContentId;
  readonly name: string;
  readonly totalBytes: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly fileCount: number;
  /** Holds the id, the name, the trackers, and this peer's address. */
  readonly link: string;
  /** What could not be shared, such as symbolic links: paths relative to the shared directory. */
  readonly skipped: readonly string[];
}

/** What somebody wants: from a name, a content id or the beginning of one, or a link. */
export interface ContentQuery {
  /** Exactly one of the three is set. */
  readonly name?: string | undefined;
  readonly contentId?: ContentId | undefined;
  /** `sha256:` and at least 8 hex digits. */
  readonly idPrefix?: string | undefined;
  /** With a name: only contents of this piece length. */
  readonly pieceLength?: number | undefined;
}

/** One content that a tracker knows. */
export interface ContentListing {
  readonly contentId: ContentId;
  /** The most common first. At least one. */
  readonly names: readonly string[];
  readonly totalBytes: number;
  readonly pieceLength: number;
  readonly entryCount: number;
  readonly seedCount: number;
  readonly leecherCount: number;
}

/** What to download. */
export interface DownloadTarget {
  readonly contentId: ContentId;
  /** Under which it is registered, and the default for the output. Default: the hex digits of the id. */
  readonly name?: string | undefined;
  /** Peers to ask besides those that the trackers know, as `host:port`. */
  readonly peers?: readonly string[] | undefined;
}

export interface DownloadOptions {
  /** Where to put it; an existing directory means inside it, under the name. Default: the name, in the working directory. */
  readonly output?: string | undefined;
  /** At most so many peers at a time; 1 is the one-peer method. Default: many. */
  readonly peersMax?: number | undefined;
  /** Replace what is there. */
  readonly force?: boolean | undefined;
  /** Fail with NO_PEERS after so long without any peer that has what is missing; 0 waits for ever. Default 60 s. */
  readonly sourceTimeoutMs?: number | undefined;
  /**
   * A new file that is to hold what the download went through, so that the simulator can go through it again: neither addresses nor names
   * nor paths. Such a download counts its connections, its bytes in flight and its rate by itself, apart from others of the process.
   */
  readonly recordPath?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called a few times a second. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** How a manifest is fetched: as in a download. */
export type ManifestOptions = Pick<DownloadOptions, "sourceTimeoutMs" | "signal" | "onProgress">;

/** What one peer gave. */
export interface PeerContribution {
  readonly address: string;
  readonly bytes: number;
  readonly pieces: number;
}

export interface DownloadProgress {
  readonly phase: "finding-peers" | "fetching-manifest" | "checking" | "downloading" | "finishing";
  readonly verifiedBytes: number;
  /** 0 until the manifest is there. */
  readonly totalBytes: number;
  /** Payload bytes of this run, duplicates and bad ones included. */
  readonly receivedBytes: number;
  /** Verified bytes that were there before this run. */
  readonly resumedBytes: number;
  /** Of the last seconds, without resumed bytes. */
  readonly bytesPerSecond: number;
  /** undefined while there is nothing honest to say. */
  readonly etaMs: number | undefined;
  readonly connectedPeers: number;
  readonly peers: readonly PeerContribution[];
}

export interface DownloadResult {
  readonly contentId: ContentId;
  readonly manifest: Manifest;
  /** Absolute path of the file or directory. */
  readonly path: string;
  readonly bytes: number;
  readonly receivedBytes: number;
  readonly resumedBytes: number;
  readonly peers: readonly PeerContribution[];
}

/**
 * One peer: shares, downloads, serves both. Everything that it shares or downloads is registered with its trackers while it lives.
 * Create it with `startPeerNode`.
 */
export interface PeerNode extends AsyncDisposable {
  /** Where it listens, `host:port`. */
  readonly listenAddress: string;
  /** What others are told, `host:port`: the advertised one, else the one that a tracker listed, else the one it listens on. */
  readonly publicAddress: string;

  /**
   * Hashes a file or directory and serves it from where it is. Resolves when at least one tracker knows it (at once without trackers).
   * @throws UsageError PATH_NOT_SHAREABLE, PIECE_LENGTH_INVALID; StorageError; RemoteError TRACKER_UNREACHABLE; CancelledError.
   */
  share(path: string, options?: ShareOptions): Promise<SharedContent>;

  /**
   * Asks all trackers and merges what they say; an empty list if none knows such a content.
   * @throws RemoteError TRACKER_UNREACHABLE if no tracker answered.
   */
  find(query: ContentQuery, options?: { readonly signal?: AbortSignal }): Promise<readonly ContentListing[]>;

  /** Everything that the trackers know, filtered by a part of the name. @throws RemoteError TRACKER_UNREACHABLE */
  list(filter?: string, options?: { readonly signal?: AbortSignal }): Promise<readonly ContentListing[]>;

  /**
   * Fetches a content from all peers it can find, verifies every piece, and serves what it has while it goes on; afterwards too, until
   * `close`.
   * @throws RemoteError NO_PEERS; UsageError INVALID_ARGUMENT, OUTPUT_EXISTS, OUTPUT_LOCKED; IntegrityError; StorageError; CancelledError.
   */
  download(target: DownloadTarget, options?: DownloadOptions): Promise<DownloadResult>;

  /**
   * Fetches what a content consists of, and nothing else of it, from one of its peers. This peer does not take part in the swarm.
   * @throws RemoteError NO_PEERS; IntegrityError MANIFEST_INVALID; CancelledError.
   */
  fetchManifest(target: DownloadTarget, options?: ManifestOptions): Promise<Manifest>;

  /** Tells watchers and trackers, lets streams in flight finish for at most `drainMs` (default 5,000), closes everything. Idempotent. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}
