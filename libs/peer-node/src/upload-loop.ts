import { createError, type ContentId, type ErrorCode, type Logger, type PiecewiseError } from "@piecewise/base";
import type { WatchPiecesResponseSchema } from "@piecewise/contract";
import type { CallerFacts, RequestRef, UploadCommand, UploadEngine, UploadEvent, WatcherRef } from "@piecewise/piece-engine";
import type { StreamWriter } from "@piecewise/rpc";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallerWatches } from "./caller-watches.js";
import type { LocalContent } from "./content-table.js";
import { Transfer, type ChunkWriter, type TransferListener } from "./transfer.js";
import { watchNews, type PieceSelection } from "./wire.js";

export type WatchWriter = StreamWriter<MessageInitShape<typeof WatchPiecesResponseSchema>>;

interface Watch {
  readonly writer: WatchWriter;
  readonly end: (error?: PiecewiseError) => void;
}

const REFUSALS: Partial<Record<ErrorCode, string>> = {
  BUSY: "this peer is busy; try again later or elsewhere",
  NOT_OFFERED: "this peer does not offer that piece to this caller",
  CONTENT_NOT_FOUND: "this peer does not take part in that swarm",
  GOING_AWAY: "this peer is shutting down",
  TOO_SLOW: "the stream drained too slowly while others waited",
  PIECE_DAMAGED: "the stored piece no longer matches its hash",
};

const refusal = (code: ErrorCode, retryAfterMs?: number): PiecewiseError =>
  createError(code, REFUSALS[code] ?? "refused", retryAfterMs === undefined ? {} : { retryAfterMs });

/** The one place that runs the upload brain: turns calls into events and commands into what the calls see. */
export class UploadLoop {
  readonly #engine: UploadEngine;
  readonly #now: () => number;
  readonly #logger: Logger;
  readonly #callerWatches: CallerWatches;
  readonly #transfers = new Map<RequestRef, Transfer>();
  readonly #watches = new Map<WatcherRef, Watch>();
  readonly #events: UploadEvent[] = [];
  #running = false;
  #nextRef = 1;
  #timer: NodeJS.Timeout | undefined;
  #onIdle: (() => void) | undefined;

  constructor(engine: UploadEngine, now: () => number, logger: Logger, callerWatches: CallerWatches) {
    this.#engine = engine;
    this.#now = now;
    this.#logger = logger;
    this.#callerWatches = callerWatches;
  }

  contentAdded(content: LocalContent): void {
    this.#handle({ type: "contentAdded", content: content.contentId, held: content.source.held.clone() });
  }

  contentRemoved(contentId: ContentId): void {
    this.#handle({ type: "contentRemoved", content: contentId });
  }

  pieceStored(contentId: ContentId, piece: number): void {
    this.#handle({ type: "pieceStored", content: contentId, piece });
  }

  pieceLost(contentId: ContentId, piece: number): void {
    this.#handle({ type: "pieceLost", content: contentId, piece });
  }

  /** Bytes that came from the peer there turned out to be right. */
  peerGave(address: string, bytes: number): void {
    this.#handle({ type: "peerGave", address, bytes });
  }

  /** Serves one GetPiece call. Resolves when everything was sent. @throws PiecewiseError to end the call with. */
  serve(content: LocalContent, selection: PieceSelection, caller: CallerFacts, writer: ChunkWriter, signal: AbortSignal): Promise<void> {
    // Who has left already would never be heard to leave.
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const request = this.#nextRef++;
      const listener: TransferListener = {
        drained: (bytes) => this.#handle({ type: "chunkDrained", request, bytes }),
        damaged: (piece) => this.pieceLost(content.contentId, piece),
        ended: (error) => {
          this.#transfers.delete(request);
          if (error === undefined) resolve();
          else reject(error);
          this.#handle({ type: "requestEnded", request });
        },
      };
      const transfer = new Transfer(content, selection, writer, listener, this.#logger);
      this.#transfers.set(request, transfer);
      signal.addEventListener("abort", () => transfer.end(), { once: true });
      this.#handle({
        type: "requestArrived",
        request,
        caller,
        content: content.contentId,
        runs: selection.runs,
        bytes: selection.bytes,
      });
    });
  }

  /** Serves one WatchPieces call until it ends. @throws PiecewiseError to end the call with. */
  watch(contentId: ContentId, caller: CallerFacts, writer: WatchWriter, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const watcher = this.#nextRef++;
      const end = (error?: PiecewiseError): void => {
        if (!this.#watches.delete(watcher)) return;
        if (error === undefined) resolve();
        else reject(error);
        this.#handle({ type: "watcherLeft", watcher });
      };
      this.#watches.set(watcher, { writer, end });
      signal.addEventListener("abort", () => end(), { once: true });
      this.#handle({ type: "watcherJoined", watcher, caller, content: contentId });
    });
  }

  /** Tells watchers that this peer goes away and refuses what is new. Resolves when nothing is in flight. */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      this.#handle({ type: "drainStarted" });
    });
  }

  /** Ends what is left. */
  close(): void {
    clearTimeout(this.#timer);
    this.#callerWatches.close();
    const error = refusal("GOING_AWAY");
    for (const transfer of this.#transfers.values()) transfer.end(error);
    for (const watch of this.#watches.values()) watch.end(error);
    clearTimeout(this.#timer);
  }

  /** Events that arise while commands run wait their turn: the brain sees one at a time. */
  #handle(event: UploadEvent): void {
    this.#events.push(event);
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      for (const command of this.#engine.handle(next, this.#now())) this.#run(command);
    }
    this.#running = false;
    this.#arm();
    if (this.#transfers.size === 0) this.#onIdle?.();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { nextDeadlineMs } = this.#engine;
    if (nextDeadlineMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#handle({ type: "deadlineReached" }), Math.max(0, nextDeadlineMs - this.#now()));
    // Heartbeats and pacing must not keep a process alive that has nothing else to do.
    this.#timer.unref();
  }

  #run(command: UploadCommand): void {
    switch (command.type) {
      case "grant":
        return this.#transfers.get(command.request)?.grant();
      case "send":
        return this.#transfers.get(command.request)?.send(command.bytesMax);
      case "refuse":
      case "stop":
        return this.#transfers.get(command.request)?.end(refusal(command.code, command.retryAfterMs));
      case "offerFirst":
        return this.#tell(command.watcher, { offered: command.offered, load: command.load });
      case "offerNews":
        return this.#tell(command.watcher, watchNews(command.added, command.withdrawn, command.load, command.goingAway ?? false));
      case "refuseWatcher":
        return this.#watches.get(command.watcher)?.end(refusal(command.code, command.retryAfterMs));
      case "watchCaller":
        return this.#callerWatches.watch(command.content as ContentId, command.address, (event) => this.#handle(event));
      case "unwatchCaller":
        return this.#callerWatches.unwatch(command.content as ContentId, command.address);
      case "stopWatcher":
        return this.#watches.get(command.watcher)?.end(refusal(command.code));
    }
  }

  #tell(watcher: WatcherRef, message: MessageInitShape<typeof WatchPiecesResponseSchema>): void {
    const watch = this.#watches.get(watcher);
    if (watch === undefined) return;
    if (watch.writer.write(message)) return;
    this.#handle({ type: "watcherBlocked", watcher });
    void watch.writer.drained().then(() => this.#handle({ type: "watcherDrained", watcher }));
  }
}
