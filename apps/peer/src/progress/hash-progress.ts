import { formatBytes } from "@piecewise/base";
import type { HashProgress } from "@piecewise/peer-node";
import type { JsonEvent } from "../json-events.js";
import { fillMessage, type Messages } from "../messages.js";
import type { ProgressLine } from "./line.js";

const NAME_CHARACTERS_MAX = 32;

/** What is said while a path is hashed. */
export function hashLine(path: string, { doneBytes, totalBytes }: HashProgress, messages: Messages): ProgressLine {
  return {
    fraction: totalBytes === 0 ? 1 : doneBytes / totalBytes,
    parts: [
      fillMessage(messages.hashing, { name: shorten(path) }),
      fillMessage(messages.verified, { verified: formatBytes(doneBytes), total: formatBytes(totalBytes) }),
    ],
  };
}

export const hashEvent = (path: string, { doneBytes, totalBytes }: HashProgress): JsonEvent => ({
  event: "hashing",
  path,
  doneBytes,
  totalBytes,
});

/** The end of a path tells more than its beginning. */
function shorten(path: string): string {
  const characters = [...path];
  return characters.length <= NAME_CHARACTERS_MAX ? path : `...${characters.slice(3 - NAME_CHARACTERS_MAX).join("")}`;
}
