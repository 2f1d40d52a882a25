import { UsageError, displayText, isContentId } from "@piecewise/base";
import { COARSE_MAP_BYTES_MAX, LEASE_MS_MAX, LEASE_MS_MIN, NAME_BYTES_MAX, PIECES_MAX, PIECE_LENGTH_MAX } from "./limits.js";
import type {
  ContentAnnouncement,
  ContentProgress,
  ContentQuery,
  Lookup,
  Progress,
  Registration,
  Renewal,
  SampleQuery,
  WatchRequest,
} from "./registry-calls.js";

/**
 * The rules of every field of every call, and nowhere else. All of these functions throw UsageError INVALID_ARGUMENT; the message names
 * the field as the .proto file does.
 */

const PEER_ID = /^[0-9a-f]{32}$/;
const ID_PREFIX = /^sha256:[0-9a-f]{0,64}$/;
const PAGE_TOKEN = /^[0-9a-f]{64}$/;
const FORBIDDEN_IN_NAME = /[\p{Cc}\p{Cs}/\\]/u;
const QUOTED_LENGTH_MAX = 80;

export function checkLeaseMs(leaseMs: number): void {
  if (!Number.isInteger(leaseMs) || leaseMs < LEASE_MS_MIN || leaseMs > LEASE_MS_MAX) {
    throw invalid(`the lease of ${leaseMs / 1000} seconds is not possible: give ${LEASE_MS_MIN / 1000} to ${LEASE_MS_MAX / 1000} seconds`);
  }
}

export function checkRegistration(registration: Registration, contentsMax: number): void {
  checkPeerId(registration.peerId);
  if (!(registration.port >= 1 && registration.port <= 65_535)) throw invalid(`port is ${registration.port}: give 1 to 65535`);
  checkCount(registration.contents, "contents", contentsMax);
  registration.contents.forEach((announcement, index) => checkAnnouncement(announcement, `contents[${index}]`));
}

/** Everything but how many pieces a progress entry claims: that depends on the content, see `checkPiecesHeld`. */
export function checkRenewal(renewal: Renewal, contentsMax: number): void {
  checkPeerId(renewal.peerId);
  checkCount(renewal.added, "added", contentsMax);
  checkCount(renewal.removed, "removed", contentsMax);
  checkCount(renewal.progress, "progress", contentsMax);
  renewal.added.forEach((announcement, index) => checkAnnouncement(announcement, `added[${index}]`));
  renewal.removed.forEach((contentId, index) => checkContentId(contentId, `removed[${index}]`));
  renewal.progress.forEach((progress, index) => checkProgress(progress, index));
}

export function checkPeerId(peerId: string): void {
  if (!PEER_ID.test(peerId)) throw invalid(`peer_id has ${peerId.length / 2} bytes: give 16`);
}

/** @returns what is looked for, now known to be well-formed. */
export function checkLookup(lookup: Lookup): NonNullable<Lookup["what"]> {
  const { what } = lookup;
  if (what === undefined) throw invalid("what is not set: give a content_id or a name");
  if ("contentId" in what) checkContentId(what.contentId, "content_id");
  else checkName(what.name, "name");
  checkAsker(lookup);
  return what;
}

export function checkWatchRequest(request: WatchRequest): void {
  checkContentId(request.contentId, "content_id");
  checkAsker(request);
}

export function checkContentQuery(query: ContentQuery): void {
  if (utf8Length(query.filter) > NAME_BYTES_MAX) {
    throw invalid(`filter has more than ${NAME_BYTES_MAX} bytes: give a shorter part of the name`);
  }
  if (query.idPrefix !== "" && !ID_PREFIX.test(query.idPrefix)) {
    throw invalid(
      `id_prefix ${quoted(query.idPrefix)} is not the beginning of a content id: give "sha256:" and up to 64 lower-case hex digits`,
    );
  }
  if (query.pageToken !== "" && !PAGE_TOKEN.test(query.pageToken)) {
    throw invalid(
      `page_token ${quoted(query.pageToken)} is not one: give the next_page_token of the page before, or nothing for the first page`,
    );
  }
}

function checkContentId(contentId: string, field: string): void {
  if (!isContentId(contentId)) {
    throw invalid(`${field} ${quoted(contentId)} is not a content id: give "sha256:" and 64 lower-case hex digits`);
  }
}

function checkName(name: string, field: string): void {
  const bytes = utf8Length(name);
  if (bytes < 1 || bytes > NAME_BYTES_MAX) throw invalid(`${field} has ${bytes} bytes: give 1 to ${NAME_BYTES_MAX} bytes of UTF-8`);
  if (FORBIDDEN_IN_NAME.test(name)) throw invalid(`${field} ${quoted(name)} has a control character, "/" or "\\" in it: give a plain name`);
}

/** How many pieces a content of these facts has. */
export const countPieces = (facts: { readonly totalBytes: number; readonly pieceLength: number }): number =>
  Math.ceil(facts.totalBytes / facts.pieceLength);

export function checkPiecesHeld(piecesHeld: number, pieceCount: number, field: string): void {
  if (piecesHeld > pieceCount) throw invalid(`${field}.pieces_held is ${piecesHeld}: the content has ${pieceCount} pieces`);
}

/** How many contents a peer would take part in after a renewal. */
export function checkContentCount(count: number, countMax: number): void {
  if (count > countMax) throw invalid(`added brings the peer to ${count} contents: at most ${countMax} are possible`);
}

function checkAsker({ askerPeerId }: SampleQuery): void {
  if (askerPeerId !== "") checkPeerId(askerPeerId);
}

function checkAnnouncement(announcement: ContentAnnouncement, field: string): void {
  const { totalBytes, pieceLength, progress } = announcement;
  checkContentId(announcement.contentId, `${field}.content_id`);
  checkName(announcement.name, `${field}.name`);
  if (!(pieceLength >= 1 && pieceLength <= PIECE_LENGTH_MAX)) {
    throw invalid(`${field}.piece_length is ${pieceLength}: give 1 to ${PIECE_LENGTH_MAX} bytes`);
  }
  if (!(totalBytes >= 0 && countPieces(announcement) <= PIECES_MAX)) {
    throw invalid(`${field}.total_bytes is ${totalBytes}: at most ${PIECES_MAX} pieces of ${pieceLength} bytes are possible`);
  }
  if (progress === undefined) return;
  checkCoarseMap(progress, `${field}.progress`);
  checkPiecesHeld(progress.piecesHeld, countPieces(announcement), `${field}.progress`);
}

function checkProgress(progress: ContentProgress, index: number): void {
  checkContentId(progress.contentId, `progress[${index}].content_id`);
  checkCoarseMap(progress, `progress[${index}]`);
}

function checkCoarseMap({ coarseMap }: Progress, field: string): void {
  if (coarseMap.length > COARSE_MAP_BYTES_MAX) {
    throw invalid(`${field}.coarse_map has ${coarseMap.length} bytes: give at most ${COARSE_MAP_BYTES_MAX}`);
  }
}

function checkCount(list: readonly unknown[], field: string, countMax: number): void {
  if (list.length > countMax) throw invalid(`${field} has ${list.length} entries: give at most ${countMax}`);
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

const quoted = (text: string): string =>
  `"${displayText(text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}…` : text)}"`;

const invalid = (message: string): UsageError => new UsageError("INVALID_ARGUMENT", message);
