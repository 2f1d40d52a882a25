import { brainOf, type BrainFacts, LogWriter } from "./download-log.js";
import type { DownloadEngine } from "./engine.js";

/**
 * Creates a brain that writes down everything that it is told and wants, so that its download can be gone through again elsewhere.
 * @param write takes one line without its end; false if it wants no more.
 */
export function createRecordedEngine(facts: BrainFacts, write: (line: string) => boolean): DownloadEngine {
  const engine = brainOf(facts);
  const log = new LogWriter();
  let isRecording = write(log.head(facts));
  return {
    handle(event, nowMs) {
      let commands;
      try {
        commands = engine.handle(event, nowMs);
        return commands;
      } finally {
        // Also what made it throw: that is what the log is for.
        if (isRecording) isRecording = write(log.entry({ nowMs, event, commands }));
      }
    },
    get nextDeadlineMs() {
      return engine.nextDeadlineMs;
    },
    progress: (nowMs) => engine.progress(nowMs),
  };
}
