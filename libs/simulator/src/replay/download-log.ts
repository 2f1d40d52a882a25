import { createHash } from "node:crypto";
import { Bitfield, createPrng, UsageError } from "@piecewise/base";
import { createDownloadEngine, createTransferBudget, type DownloadCommand, type DownloadEngine, type DownloadEvent } from "@piecewise/piece-engine";

/*
 * A log of one download, as lines of JSON. The first line says how its brain was made, every other one what the brain was told, when, and a
 * digest of what it wanted done about it:
 *
 *     {"log":"piecewise-download","version":1,"brain":{"seed":7,"givenAddresses":["10.0.0.1:4001"],"hasTracker":true}}
 *     {"nowMs":0,"event":{"type":"started"},"commands":"4f53cda18c2baa0c"}
 *
 * Bytes are {"base64":…}, a bitfield is {"bits":length,"base64":…}. The brain needs a sequence of random numbers of its own, from `seed`,
 * and a budget that no other download uses.
 */

/** Hex digits of a digest. */
const DIGEST_LENGTH = 16;

/** How the brain was made. */
export interface BrainFacts {
  readonly seed: number;
  readonly givenAddresses: readonly string[];
  readonly hasTracker: boolean;
  readonly peersMax?: number | undefined;
  readonly sourceTimeoutMs?: number | undefined;
  readonly connectionsMax?: number | undefined;
  readonly inFlightBytesMax?: number | undefined;
  readonly downloadBytesPerSecond?: number | undefined;
}

interface Entry {
  readonly nowMs: number;
  readonly event: DownloadEvent;
  readonly commands: string;
}

const packed = (_key: string, value: unknown): unknown => {
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString("base64") };
  if (value instanceof Bitfield) return { bits: value.length, base64: Buffer.from(value.toBytes()).toString("base64") };
  return value;
};

const unpacked = (_key: string, value: unknown): unknown => {
  if (typeof value !== "object" || value === null || !("base64" in value) || typeof value.base64 !== "string") return value;
  const bytes = new Uint8Array(Buffer.from(value.base64, "base64"));
  return "bits" in value && typeof value.bits === "number" ? Bitfield.fromBytes(value.bits, bytes) : bytes;
};

const digestOf = (commands: readonly DownloadCommand[]): string =>
  createHash("sha256").update(JSON.stringify(commands, packed)).digest("hex").slice(0, DIGEST_LENGTH);

/** Makes a brain that says everything that it hears to `write`, a line at a time. */
export function recordingBrain(facts: BrainFacts, write: (line: string) => void): DownloadEngine {
  const engine = brainOf(facts);
  write(JSON.stringify({ log: "piecewise-download", version: 1, brain: facts }));
  return {
    handle(event, nowMs) {
      const commands = engine.handle(event, nowMs);
      write(JSON.stringify({ nowMs, event, commands: digestOf(commands) } satisfies Entry, packed));
      return commands;
    },
    get nextDeadlineMs() {
      return engine.nextDeadlineMs;
    },
    progress: (nowMs) => engine.progress(nowMs),
  };
}

export interface Replay {
  readonly events: number;
  /** Of the log, from 1: where the brain wanted something else; undefined if it never did. */
  readonly differsAtLine: number | undefined;
  /** What it wanted there. */
  readonly wanted: readonly DownloadCommand[];
  readonly verifiedBytes: number;
  readonly totalBytes: number;
}

/**
 * Tells a brain, event for event, what another one was told, and compares what they want.
 * @throws UsageError INVALID_ARGUMENT if it is no such log.
 */
export function replay(log: string): Replay {
  const [head = "", ...lines] = log.trimEnd().split("\n");
  const engine = brainOf(headOf(head));
  let nowMs = 0;
  for (const [index, line] of lines.entries()) {
    const entry = parse<Entry>(line, index + 2);
    nowMs = entry.nowMs;
    const wanted = engine.handle(entry.event, nowMs);
    if (digestOf(wanted) !== entry.commands) return { ...outcomeOf(engine, nowMs), events: index + 1, differsAtLine: index + 2, wanted };
  }
  return { ...outcomeOf(engine, nowMs), events: lines.length, differsAtLine: undefined, wanted: [] };
}

function outcomeOf(engine: DownloadEngine, nowMs: number): Pick<Replay, "verifiedBytes" | "totalBytes"> {
  const { verifiedBytes, totalBytes } = engine.progress(nowMs);
  return { verifiedBytes, totalBytes };
}

function brainOf({ seed, connectionsMax, inFlightBytesMax, downloadBytesPerSecond, ...options }: BrainFacts): DownloadEngine {
  const budget = createTransferBudget({ connectionsMax, inFlightBytesMax, downloadBytesPerSecond });
  return createDownloadEngine({ ...options, prng: createPrng(seed), budget });
}

function headOf(line: string): BrainFacts {
  const head = parse<{ log?: unknown; version?: unknown; brain?: BrainFacts }>(line, 1);
  if (head.log !== "piecewise-download" || head.version !== 1 || head.brain === undefined) {
    throw new UsageError("INVALID_ARGUMENT", "the first line is not that of a log of a download: give a file that a peer has recorded");
  }
  return head.brain;
}

function parse<Line>(line: string, number: number): Line {
  try {
    return JSON.parse(line, unpacked) as Line;
  } catch (cause) {
    throw new UsageError("INVALID_ARGUMENT", `line ${number} of the log is not JSON: was it cut off?`, { cause });
  }
}
