import { assert } from "./assert.js";

declare const brand: unique symbol;

/** `"sha256:"` and 64 lower-case hex digits: the SHA-256 of the serialized manifest. */
export type ContentId = string & { readonly [brand]: "ContentId" };

const CONTENT_ID = /^sha256:[0-9a-f]{64}$/;
const CONTENT_ID_PREFIX = /^sha256:[0-9a-f]{8,64}$/;

export const isContentId = (text: string): text is ContentId => CONTENT_ID.test(text);

/** A content id, or `"sha256:"` with at least 8 of its hex digits. */
export const isContentIdPrefix = (text: string): boolean => CONTENT_ID_PREFIX.test(text);

/** Builds the id from the 32 bytes of the hash. */
export function contentIdFromHash(sha256: Uint8Array): ContentId {
  assert(sha256.length === 32, `a SHA-256 has 32 bytes, not ${sha256.length}`);
  let hex = "";
  for (const byte of sha256) hex += byte.toString(16).padStart(2, "0");
  return `sha256:${hex}` as ContentId;
}

/** Length in bytes of a peer id: random, new for each process start, never saved. */
export const PEER_ID_BYTES = 16;
