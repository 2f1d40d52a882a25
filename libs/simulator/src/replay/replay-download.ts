import { brainOf, type DownloadCommand, isSameAnswer, readLogEntry, readLogHead } from "@piecewise/piece-engine";

/** Where a brain wanted something else than the recorded one. */
export interface Difference {
  /** Of the log, from 1. */
  readonly line: number;
  /** undefined if it threw; the error is the cause. */
  readonly wanted: readonly DownloadCommand[] | undefined;
  readonly recorded: readonly DownloadCommand[] | undefined;
  readonly cause?: unknown;
}

export interface Replay {
  /** Events that were gone through. */
  readonly events: number;
  /** undefined if there was none. */
  readonly difference: Difference | undefined;
  /** Whether the download was over by the end of the log; a log may be cut off. */
  readonly isOver: boolean;
  readonly verifiedBytes: number;
  readonly totalBytes: number;
}

/**
 * Tells a brain, event for event, what a recorded one was told, until they want different things or the log ends. A brain that throws ends
 * it, too, also if the recorded one did: its error is what was looked for.
 * @throws UsageError INVALID_ARGUMENT if it is no log of a download.
 */
export function replayDownload(log: string): Replay {
  const [head = "", ...lines] = log.trimEnd().split("\n");
  const engine = brainOf(readLogHead(head));
  let nowMs = 0;
  let events = 0;
  let isOver = false;
  let difference: Difference | undefined;
  for (const [index, text] of lines.entries()) {
    const line = index + 2;
    const { event, commands: recorded, ...entry } = readLogEntry(text, line);
    nowMs = entry.nowMs;
    events += 1;
    try {
      const wanted = engine.handle(event, nowMs);
      if (recorded === undefined || !isSameAnswer(wanted, recorded)) difference = { line, wanted, recorded };
      isOver = wanted.some(({ type }) => type === "finish" || type === "fail");
    } catch (cause) {
      difference = { line, wanted: undefined, recorded, cause };
    }
    if (difference !== undefined) break;
  }
  const { verifiedBytes, totalBytes } = engine.progress(nowMs);
  return { events, difference, isOver, verifiedBytes, totalBytes };
}
