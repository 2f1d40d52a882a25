import { formatBytes } from "@piecewise/base";
import type { HashProgress } from "@piecewise/peer-node";
import type { CommandContext } from "../host.js";
import type { JsonEvent } from "../json-events.js";
import { fillMessage, type Messages } from "../messages.js";
import type { ProgressLine } from "./line.js";
import { withProgress } from "./progress-display.js";

const NAME_CHARACTERS_MAX = 32;

/** Shows how far the hashing of a path is while `work` does it. @throws what `work` throws. */
export const withHashProgress = <Result>(
  path: string,
  context: CommandContext,
  work: (onProgress: (progress: HashProgress) => void) => Promise<Result>,
): Promise<Result> =>
  withProgress(context, (report) =>
    work((progress) => report({ line: hashLine(path, progress, context.output.messages), event: hashEvent(path, progress) })),
  );

/** What is said while a path is hashed. */
function hashLine(path: string, { doneBytes, totalBytes }: HashProgress, messages: Messages): ProgressLine {
  return {
    fraction: totalBytes === 0 ? 1 : doneBytes / totalBytes,
    parts: [
      fillMessage(messages.hashing, { name: shorten(path) }),
      fillMessage(messages.verified, { verified: formatBytes(doneBytes), total: formatBytes(totalBytes) }),
    ],
  };
}

const hashEvent = (path: string, { doneBytes, totalBytes }: HashProgress): JsonEvent => ({
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
