import type { DownloadCommand, DownloadEngine, DownloadEvent, UploadCommand, UploadEngine } from "@piecewise/piece-engine";

/** What a broken brain wants done, instead of what the right one does. */
type Change = (event: DownloadEvent, commands: readonly DownloadCommand[]) => readonly DownloadCommand[];

function changed(engine: DownloadEngine, change: Change, isHidden: (event: DownloadEvent) => boolean = () => false): DownloadEngine {
  return {
    handle: (event, nowMs) => (isHidden(event) ? [] : change(event, engine.handle(event, nowMs))),
    get nextDeadlineMs() {
      return engine.nextDeadlineMs;
    },
    progress: (nowMs) => engine.progress(nowMs),
  };
}

/** Lets liars go instead of banning them. */
export const withoutBans = (engine: DownloadEngine): DownloadEngine =>
  changed(engine, (_event, commands) => commands.map((command) => (command.type === "banPeer" ? { type: "dropPeer", peer: command.peer } : command)));

/** Bans whoever goes away. */
export const withUnjustBans = (engine: DownloadEngine, addressOf: (peer: number) => string): DownloadEngine =>
  changed(engine, (_event, commands) =>
    commands.map((command) => (command.type === "dropPeer" ? { type: "banPeer", peer: command.peer, address: addressOf(command.peer) } : command)),
  );

/** Numbers of streams that the brain never gives out. */
const EXTRA_STREAMS = 1_000_000_000;

/** Asks for every piece as often as twice the bound of the end-game allows. */
export function withDoubledEndGame(engine: DownloadEngine): DownloadEngine {
  let extra = EXTRA_STREAMS;
  const again = (command: DownloadCommand): DownloadCommand => (command.type === "openStream" ? { ...command, stream: (extra += 1) } : command);
  return changed(
    engine,
    (_event, commands) =>
      commands.flatMap((command): DownloadCommand[] => (command.type === "openStream" ? [command, again(command), again(command), again(command)] : [command])),
    (event) => "stream" in event && event.stream > EXTRA_STREAMS,
  );
}

/** Asks for every piece again when it came, before it is known whether it is right. */
export function askingAgain(engine: DownloadEngine): DownloadEngine {
  let extra = EXTRA_STREAMS;
  return changed(
    engine,
    (event, commands) =>
      commands.flatMap((command): DownloadCommand[] => {
        if (command.type !== "verifyPiece" || event.type !== "chunkReceived") return [command];
        const keep = commands.find((other) => other.type === "keepChunk")!;
        return [command, { type: "openStream", stream: (extra += 1), peer: keep.peer, runs: [{ first: command.piece, count: 1 }], offset: 0, length: 0 }];
      }),
    (event) => "stream" in event && event.stream > EXTRA_STREAMS,
  );
}

/** Asks everybody for a few pieces at a time, also those of whom it knows nothing. */
export const trustingEverybody = (engine: DownloadEngine): DownloadEngine =>
  changed(engine, (_event, commands) =>
    commands.map((command) => {
      if (command.type !== "openStream" || command.length > 0 || command.runs.length > 1) return command;
      const first = command.runs[0]!.first;
      return { ...command, runs: [{ first: Math.max(0, first - 1), count: 2 }] };
    }),
  );

/** Opens as many streams to a peer as it likes. */
export function withEndlessStreams(engine: DownloadEngine): DownloadEngine {
  let extra = EXTRA_STREAMS;
  let isDone = false;
  return changed(
    engine,
    (_event, commands) => {
      const open = commands.find((command) => command.type === "openStream");
      if (open === undefined || isDone) return commands;
      isDone = true;
      return [...commands, ...Array.from({ length: 40 }, (_, i) => ({ ...open, stream: (extra += 1), runs: [{ first: open.runs[0]!.first === i ? i + 40 : i, count: 1 }], offset: 0, length: 0 }))];
    },
    (event) => "stream" in event && event.stream > EXTRA_STREAMS,
  );
}

/** Stores what does not match its hash. */
export const withoutHashes = (engine: DownloadEngine): DownloadEngine =>
  changed(engine, (event, commands) => (event.type === "pieceRejected" ? [...commands, { type: "storePiece", piece: event.piece, copy: event.copy }] : commands));

/** Stops asking for anything after its first ten streams. */
export function losingInterest(engine: DownloadEngine): DownloadEngine {
  let streams = 0;
  return changed(engine, (_event, commands) => commands.filter((command) => command.type !== "openStream" || (streams += 1) <= 10));
}

/** Counts every byte twice. */
export const countingTwice = (engine: DownloadEngine): DownloadEngine => ({
  handle: (event, nowMs) => engine.handle(event, nowMs),
  get nextDeadlineMs() {
    return engine.nextDeadlineMs;
  },
  progress(nowMs) {
    const progress = engine.progress(nowMs);
    return { ...progress, receivedBytes: progress.receivedBytes * 2 };
  },
});

const changedUploads = (engine: UploadEngine, change: (command: UploadCommand) => readonly UploadCommand[]): UploadEngine => ({
  handle: (event, nowMs) => engine.handle(event, nowMs).flatMap(change),
  get nextDeadlineMs() {
    return engine.nextDeadlineMs;
  },
  get isIdle() {
    return engine.isIdle;
  },
  stats: () => engine.stats(),
});

/** Says that it holds the first pieces, whether it does or not. */
export const offeringTooMuch = (engine: UploadEngine): UploadEngine =>
  changedUploads(engine, (command) => [command.type === "offerFirst" ? { ...command, offered: command.offered.map((byte, index) => (index === 0 ? 0xff : byte)) } : command]);

/** Reads as far ahead as it likes. */
export const sendingAhead = (engine: UploadEngine): UploadEngine =>
  changedUploads(engine, (command) => (command.type === "send" ? [command, command, command] : [command]));
