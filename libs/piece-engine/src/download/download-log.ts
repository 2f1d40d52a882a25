import { Bitfield, createPrng, UsageError } from "@piecewise/base";
import type { DownloadCommand } from "./commands.js";
import { createDownloadEngine, type DownloadEngine, type DownloadEngineOptions } from "./engine.js";
import type { DownloadEvent } from "./events.js";
import { createTransferBudget, type TransferBudgetOptions } from "./transfer-budget.js";

/*
 * A log of one download, as lines of JSON. The first line says how its brain was made, every other one what the brain was told, when, and
 * what it wanted done about it; without `commands`, it threw:
 *
 *     {"log":"piecewise-download","version":1,"brain":{"seed":7,"givenAddresses":["peer-0"],"hasTracker":true}}
 *     {"nowMs":0.25,"event":{"type":"started"},"commands":[{"type":"lookupPeers"}]}
 *
 * Bytes are {"hex":…}, a bitfield is {"bits":length,"hex":…}. It is made to be given to others, so it holds no address, no name and no
 * path: an address is `peer-` and a number, the same one wherever it occurs, for to the brain it is only a name; messages are left out.
 */
const LOG = "piecewise-download";
const VERSION = 1;

/** How the brain was made. It has a sequence of random numbers of its own, and a budget that no other download uses. */
export interface BrainFacts extends Omit<DownloadEngineOptions, "prng" | "budget">, TransferBudgetOptions {
  readonly seed: number;
}

/** What the brain was told and wanted. */
export interface LogEntry {
  readonly nowMs: number;
  readonly event: DownloadEvent;
  /** undefined if it threw. */
  readonly commands: readonly DownloadCommand[] | undefined;
}

/** The brain that these facts describe. */
export function brainOf({ seed, connectionsMax, inFlightBytesMax, downloadBytesPerSecond, ...options }: BrainFacts): DownloadEngine {
  const budget = createTransferBudget({ connectionsMax, inFlightBytesMax, downloadBytesPerSecond });
  return createDownloadEngine({ ...options, prng: createPrng(seed), budget });
}

/** Writes the lines of one log. */
export class LogWriter {
  /** What stands for each address. */
  readonly #aliases = new Map<string, string>();

  head(brain: BrainFacts): string {
    return JSON.stringify({ log: LOG, version: VERSION, brain }, this.#masked);
  }

  entry(entry: LogEntry): string {
    return JSON.stringify(entry, this.#masked);
  }

  readonly #masked = (key: string, value: unknown): unknown => {
    if (key === "address") return this.#aliasOf(value as string);
    if (key === "addresses" || key === "givenAddresses") return (value as readonly string[]).map((address) => this.#aliasOf(address));
    return packed(key, value);
  };

  #aliasOf(address: string): string {
    const alias = this.#aliases.get(address) ?? `peer-${this.#aliases.size}`;
    this.#aliases.set(address, alias);
    return alias;
  }
}

/** @throws UsageError INVALID_ARGUMENT if it is not the first line of a log. */
export function readLogHead(line: string): BrainFacts {
  const head = parse(line, 1) as { log?: unknown; version?: unknown; brain?: BrainFacts };
  if (head.log !== LOG || head.version !== VERSION || head.brain === undefined) {
    throw new UsageError("INVALID_ARGUMENT", "the first line is not that of a log of a download: give a file that a peer has recorded");
  }
  return head.brain;
}

/** @param lineNumber from 1. @throws UsageError INVALID_ARGUMENT if it is no JSON object. */
export const readLogEntry = (line: string, lineNumber: number): LogEntry => parse(line, lineNumber) as LogEntry;

/** Whether two answers of a brain are the same, as far as a log tells. */
export const isSameAnswer = (a: readonly DownloadCommand[], b: readonly DownloadCommand[]): boolean =>
  JSON.stringify(a, packed) === JSON.stringify(b, packed);

function packed(key: string, value: unknown): unknown {
  // It may name a path, or an address.
  if (key === "message") return undefined;
  if (value instanceof Uint8Array) return { hex: hexOf(value) };
  if (value instanceof Bitfield) return { bits: value.length, hex: hexOf(value.toBytes()) };
  return value;
}

function unpacked(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("hex" in value) || typeof value.hex !== "string") return value;
  const bytes = bytesOf(value.hex);
  return "bits" in value && typeof value.bits === "number" ? Bitfield.fromBytes(value.bits, bytes) : bytes;
}

function parse(line: string, lineNumber: number): object {
  const wrong = `line ${lineNumber} of the log is not a JSON object: was it cut off?`;
  let value: unknown;
  try {
    value = JSON.parse(line, unpacked);
  } catch (cause) {
    throw new UsageError("INVALID_ARGUMENT", wrong, { cause });
  }
  if (typeof value !== "object" || value === null) throw new UsageError("INVALID_ARGUMENT", wrong);
  return value;
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const bytesOf = (hex: string): Uint8Array => Uint8Array.from({ length: hex.length >> 1 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
