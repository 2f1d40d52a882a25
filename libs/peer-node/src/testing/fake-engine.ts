import type { DownloadCommand, DownloadEngine, DownloadEvent, EngineProgress } from "@piecewise/piece-engine";

const NO_PROGRESS: EngineProgress = {
  phase: "downloading",
  verifiedBytes: 0,
  totalBytes: 0,
  receivedBytes: 0,
  resumedBytes: 0,
  bytesPerSecond: 0,
  etaMs: undefined,
  connectedPeers: 0,
  peers: [],
};

type EventType = DownloadEvent["type"];
type EventOf<Type extends EventType> = Extract<DownloadEvent, { readonly type: Type }>;
type Answers = { readonly [Type in EventType]?: (event: EventOf<Type>) => readonly DownloadCommand[] };

/** A download brain that answers as the test says, and notes what it hears. */
export class FakeEngine implements DownloadEngine {
  readonly heard: DownloadEvent[] = [];
  nextDeadlineMs = Number.POSITIVE_INFINITY;
  answers: Answers;

  constructor(answers: Answers = {}) {
    this.answers = answers;
  }

  handle(event: DownloadEvent): readonly DownloadCommand[] {
    this.heard.push(event);
    const answer = this.answers[event.type] as ((event: DownloadEvent) => readonly DownloadCommand[]) | undefined;
    return answer?.(event) ?? [];
  }

  progress(): EngineProgress {
    return NO_PROGRESS;
  }

  get heardTypes(): EventType[] {
    return this.heard.map(({ type }) => type);
  }
}
