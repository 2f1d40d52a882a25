import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationMs, type Duration } from "@bufbuild/protobuf/wkt";
import { formatHostPort, hostClassOf, isContentId, isIpAddress, isLoopbackHost, networkOf, parseHostPort, RemoteError, UsageError, type ContentId } from "@piecewise/base";
import type {
  Caller,
  ContentAnnouncementSchema,
  ContentProgressSchema,
  ContentSummary,
  GetPieceRequest,
  WatchPiecesResponse,
  WatchPiecesResponseSchema,
} from "@piecewise/contract";
import { checkContentName, pieceBytesOf, pieceCountOf, type Manifest } from "@piecewise/manifest";
import { countPieces, RUNS_PER_STREAM_MAX, type CallerFacts, type DownloadEvent, type LoadFacts, type PeerRef, type PieceRange } from "@piecewise/piece-engine";
import type { LocalContent } from "./content-table.js";
import type { ContentListing } from "./peer-node.js";

// Where messages of the contract become our own types and back. Nothing else in this library knows what they look like.

/** @throws UsageError INVALID_ARGUMENT */
export function contentIdFromWire(text: string): ContentId {
  if (!isContentId(text)) throw new UsageError("INVALID_ARGUMENT", 'content_id must be "sha256:" and 64 lower-case hex digits');
  return text;
}

/** Runs of pieces, or a range inside one piece, checked against a manifest. */
export interface PieceSelection {
  readonly runs: readonly PieceRange[];
  /** Inside the first piece. */
  readonly offset: number;
  /** In all. */
  readonly bytes: number;
}

/** @throws UsageError INVALID_ARGUMENT; RemoteError PIECE_OUT_OF_RANGE */
export function pieceSelectionFromWire(request: GetPieceRequest, manifest: Manifest): PieceSelection {
  const { offset, length } = request;
  const runs: PieceRange[] = [{ first: request.pieceIndex, count: request.pieceCount || 1 }, ...request.morePieces];
  if (runs.length > RUNS_PER_STREAM_MAX) {
    throw new UsageError("INVALID_ARGUMENT", `more_pieces has ${runs.length - 1} runs, at most ${RUNS_PER_STREAM_MAX - 1} are taken`);
  }
  for (const run of runs) checkRun(run, pieceCountOf(manifest));
  const pieceCount = countPieces(runs);
  if (pieceCount > pieceCountOf(manifest)) throw new UsageError("INVALID_ARGUMENT", `${pieceCount} pieces are more than the content has: some are named twice`);
  if (pieceCount > 1) {
    if (offset !== 0 || length !== 0) throw new UsageError("INVALID_ARGUMENT", "offset and length go with one piece, not with several");
    let bytes = 0;
    for (const { first, count } of runs) bytes += (count - 1) * manifest.pieceLength + pieceBytesOf(manifest, first + count - 1);
    return { runs, offset: 0, bytes };
  }
  const piece = request.pieceIndex;
  const pieceBytes = pieceBytesOf(manifest, piece);
  const bytes = length || pieceBytes - offset;
  if (offset >= pieceBytes || bytes > pieceBytes - offset) {
    throw new RemoteError("PIECE_OUT_OF_RANGE", `piece ${piece} has ${pieceBytes} bytes; ${bytes} from ${offset} on is outside`);
  }
  return { runs, offset, bytes };
}

function checkRun({ first, count }: PieceRange, pieceCount: number): void {
  if (count === 0) throw new UsageError("INVALID_ARGUMENT", "a run in more_pieces has no pieces");
  if (first >= pieceCount || count > pieceCount - first) {
    throw new RemoteError("PIECE_OUT_OF_RANGE", `the content has ${pieceCount} pieces; ${count} from ${first} on is outside`);
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");

/** The observed host tells callers apart; behind one address the ids that they claim do. */
export function callerFromWire(caller: Caller | undefined, remoteHost: string): CallerFacts {
  const isPeer = caller !== undefined && caller.peerId.length > 0;
  const key = isPeer ? `${remoteHost} ${hex(caller.peerId.subarray(0, 16))}` : remoteHost;
  // Many peers may run on this machine, and all have one address.
  const network = isLoopbackHost(remoteHost) ? undefined : networkOf(remoteHost);
  return { key, isPeer, address: callerAddress(caller, remoteHost), network };
}

/** Where a caller can be dialled back, if it says so. */
export const callerAddress = (caller: Caller | undefined, remoteHost: string): string | undefined =>
  caller !== undefined && caller.port > 0 && caller.port <= 65_535 ? formatHostPort({ host: remoteHost, port: caller.port }) : undefined;

/** Whether text from the network is an address that can be dialled. */
export function isDialable(address: string): boolean {
  try {
    return parseHostPort(address, "a peer's address").port > 0;
  } catch {
    return false;
  }
}

/** Peers in one answer of ExchangePeers, given or taken. */
export const EXCHANGED_PEERS_MAX = 50;

/**
 * Whether an address is dialled that a tracker or another peer tells of. Nobody can send us to what listens on this machine only, unless it is
 * here itself, nor to the line that we are on, where routers and clouds answer whoever asks; and some addresses are no single host. A name
 * can stand for any of these, and to ask what it stands for may take long.
 */
export function isWorthDialling(address: string, teller: { readonly isOnLoopback: boolean }): boolean {
  if (!isDialable(address)) return false;
  const { host } = parseHostPort(address, "a peer's address");
  if (!isIpAddress(host)) return false;
  const hostClass = hostClassOf(host);
  return hostClass === "other" || (hostClass === "loopback" && teller.isOnLoopback);
}

/** What a message of WatchPieces after the first one tells the download brain. */
export function eventsFromWatch(peer: PeerRef, message: WatchPiecesResponse): DownloadEvent[] {
  const events: DownloadEvent[] = [];
  const { added, withdrawn, load } = message;
  if (added.length > 0 || withdrawn.length > 0) events.push({ type: "peerOffers", peer, added, withdrawn });
  if (load !== undefined) events.push(loadEvent(peer, load));
  if (message.goingAway) events.push({ type: "peerGoingAway", peer });
  if (events.length === 0) events.push({ type: "peerHeard", peer });
  return events;
}

export const loadEvent = (peer: PeerRef, load: LoadFacts): DownloadEvent => ({
  type: "peerLoadChanged",
  peer,
  slotsFree: Math.max(0, load.slotsMax - load.slotsTaken),
  queueLength: load.queueLength,
});

export function watchNews(
  added: readonly PieceRange[],
  withdrawn: readonly PieceRange[],
  load: LoadFacts | undefined,
  goingAway: boolean,
): MessageInitShape<typeof WatchPiecesResponseSchema> {
  return { added: [...added], withdrawn: [...withdrawn], goingAway, ...(load === undefined ? {} : { load }) };
}

/** Bytes of a coarse map: enough for a bar on a screen. */
const COARSE_MAP_PARTS = 64;

/** How much of each of up to 64 equal parts of the content is held, 0 to 255. */
export function coarseMap(content: LocalContent): Uint8Array {
  const { held } = content.source;
  const map = new Uint8Array(Math.min(COARSE_MAP_PARTS, held.length));
  for (let part = 0; part < map.length; part += 1) {
    const from = Math.floor((part * held.length) / map.length);
    const to = Math.floor(((part + 1) * held.length) / map.length);
    let count = 0;
    for (let piece = from; piece < to; piece += 1) if (held.has(piece)) count += 1;
    map[part] = Math.floor((255 * count) / (to - from));
  }
  return map;
}

/** What was told to a tracker about one content, so that the next report is of what came since. */
export interface ReportedBytes {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export function progressToWire(content: LocalContent, reported: ReportedBytes): MessageInitShape<typeof ContentProgressSchema> {
  return {
    contentId: content.contentId,
    piecesHeld: content.source.held.count,
    receivedBytes: BigInt(content.receivedBytes - reported.receivedBytes),
    sentBytes: BigInt(content.sentBytes - reported.sentBytes),
    coarseMap: coarseMap(content),
  };
}

export function announcementToWire(content: LocalContent, reported: ReportedBytes): MessageInitShape<typeof ContentAnnouncementSchema> {
  const { manifest } = content.source;
  return {
    contentId: content.contentId,
    name: content.name,
    totalBytes: BigInt(manifest.totalBytes),
    pieceLength: manifest.pieceLength,
    entryCount: manifest.entries.length,
    progress: progressToWire(content, reported),
  };
}

/** A summary as a tracker sent it; undefined if it is not legal. */
export function listingFromWire(summary: ContentSummary): ContentListing | undefined {
  const names = summary.names.filter((name) => checkContentName(name) === undefined);
  if (!isContentId(summary.contentId) || names.length === 0 || summary.totalBytes > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return {
    contentId: summary.contentId,
    names,
    totalBytes: Number(summary.totalBytes),
    pieceLength: summary.pieceLength,
    entryCount: summary.entryCount,
    seedCount: summary.seedCount,
    leecherCount: summary.leecherCount,
  };
}

export const durationToMs = (duration: Duration | undefined, fallbackMs: number): number => (duration === undefined ? fallbackMs : durationMs(duration));
