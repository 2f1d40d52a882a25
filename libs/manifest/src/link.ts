import { type ContentId, PiecewiseError, UsageError, displayText, isContentId, parseHostPort } from "@piecewise/base";
import { checkContentName } from "./content-name.js";

/** All that a fetch needs. */
export interface Link {
  readonly contentId: ContentId;
  /** Under which the content was shared. */
  readonly name?: string | undefined;
  /** `host:port`, at most 16. */
  readonly trackers: readonly string[];
  /** `host:port`, at most 64. */
  readonly peers: readonly string[];
}

export const LINK_TRACKERS_MAX = 16;
export const LINK_PEERS_MAX = 64;
/** Longest link in characters. */
export const LINK_LENGTH_MAX = 65_536;

const SCHEME = "piecewise:";

/** Whether `text` is meant as a link; `parseLink` says whether it is a good one. */
export const isLink = (text: string): boolean => text.slice(0, SCHEME.length).toLowerCase() === SCHEME;

/**
 * Writes `piecewise:<content id>?name=…&tracker=…&peer=…`. It has no white space and no quotes, so that it is safe in single quotes.
 * @throws UsageError LINK_INVALID if `parseLink` would refuse it.
 */
export function formatLink(link: Link): string {
  checkLink(link);
  const parameters = [
    ...(link.name === undefined ? [] : [`name=${encode(link.name)}`]),
    ...link.trackers.map((address) => `tracker=${encodeAddress(address)}`),
    ...link.peers.map((address) => `peer=${encodeAddress(address)}`),
  ];
  const text = `${SCHEME}${link.contentId}${parameters.length === 0 ? "" : "?"}${parameters.join("&")}`;
  checkLength(text);
  return text;
}

/**
 * Reads a link. Unknown parameters are ignored, so that later versions can add some.
 * @throws UsageError LINK_INVALID naming what is wrong.
 */
export function parseLink(text: string): Link {
  if (!isLink(text)) throw invalid(`it does not begin with "${SCHEME}"`);
  checkLength(text);
  const [contentId, ...rest] = text.slice(SCHEME.length).split("?");
  const names: string[] = [];
  const trackers: string[] = [];
  const peers: string[] = [];
  const lists = new Map([
    ["name", names],
    ["tracker", trackers],
    ["peer", peers],
  ]);
  for (const parameter of rest.join("?").split("&")) {
    const [key, ...value] = parameter.split("=");
    const list = lists.get(key!);
    if (list === undefined) continue;
    if (value.length === 0) throw invalid(`"${key}" has no value; it looks cut off, copy all of it`);
    list.push(decode(value.join("="), key!));
  }
  if (names.length > 1) throw invalid("it has more than one name");
  const link = { contentId: checkLinkId(contentId!), name: names[0], trackers, peers };
  checkLink(link);
  return link;
}

const invalid = (problem: string, cause?: unknown): UsageError =>
  new UsageError("LINK_INVALID", `this is not a usable link: ${problem}`, { cause });

function checkLength(text: string): void {
  if (text.length > LINK_LENGTH_MAX) throw invalid(`it has ${text.length} characters, more than ${LINK_LENGTH_MAX}`);
}

function checkLinkId(text: string): ContentId {
  if (isContentId(text)) return text;
  const hex = /^sha256:([0-9a-f]*)$/.exec(text)?.[1];
  if (hex === undefined) throw invalid('the content id is not "sha256:" and 64 lower-case hex digits');
  throw invalid(`the content id has ${hex.length} of 64 hex digits; ${hex.length < 64 ? "it looks cut off, copy all of it" : "it is too long"}`);
}

function checkLink({ name, trackers, peers }: Link): void {
  const nameProblem = name === undefined ? undefined : checkContentName(name);
  if (nameProblem !== undefined) throw invalid(`the name cannot be used: ${nameProblem}`);
  if (trackers.length > LINK_TRACKERS_MAX) throw invalid(`it names ${trackers.length} trackers, more than ${LINK_TRACKERS_MAX}`);
  if (peers.length > LINK_PEERS_MAX) throw invalid(`it names ${peers.length} peers, more than ${LINK_PEERS_MAX}`);
  for (const address of trackers) checkAddress(address, "the tracker");
  for (const address of peers) checkAddress(address, "the peer");
}

function checkAddress(address: string, what: string): void {
  try {
    if (parseHostPort(address, what).port > 0) return;
  } catch (error) {
    if (error instanceof PiecewiseError) throw invalid(error.message, error);
    throw error;
  }
  throw invalid(`${what} "${displayText(address)}" has port 0, which cannot be dialled`);
}

// What is left alone here and is not a letter, digit or one of -._~ would still mean something to a shell.
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const encodeAddress = (address: string): string =>
  encode(address).replaceAll("%3A", ":").replaceAll("%5B", "[").replaceAll("%5D", "]");

function decode(text: string, key: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw invalid(`"${key}" is not percent-encoded UTF-8; it looks cut off or changed, copy all of it`, error);
  }
}
