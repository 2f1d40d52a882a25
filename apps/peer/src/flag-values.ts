import { parseBytes, parseHostPort, UsageError } from "@piecewise/base";
import { LANGUAGES, type Language } from "./messages.js";

// Each reads the text of a flag; `what` is how the user named it, the flag or the variable, for the message.

/** Past this a 32-bit timer of milliseconds overflows. */
const TIMEOUT_SECONDS_MAX = 2_000_000;

export function parseListenAddress(text: string, what: string): string {
  parseHostPort(text, what);
  return text;
}

/** An address that somebody connects to: port 0 is none. */
export function parseDialAddress(text: string, what: string): string {
  if (parseHostPort(text, what).port === 0) throw new UsageError("INVALID_ARGUMENT", `${what} "${text}" needs a port from 1 to 65535`);
  return text;
}

export function parseText(text: string, what: string): string {
  if (text === "") throw new UsageError("INVALID_ARGUMENT", `${what} is empty: give a value or leave it out`);
  return text;
}

/** Whole bytes; whether the content allows the length is for the manifest to say. */
export function parsePieceLength(text: string, what: string): number {
  const bytes = parseBytes(text, what);
  if (bytes === 0) throw new UsageError("PIECE_LENGTH_INVALID", `${what} "${text}" is too small: a piece has at least 1 byte`);
  return bytes;
}

/** Bytes per second. */
export function parseRate(text: string, what: string): number {
  const bytesPerSecond = parseBytes(text, what);
  if (bytesPerSecond === 0) throw new UsageError("INVALID_ARGUMENT", `${what} "${text}" would never finish: leave it out for no limit`);
  return bytesPerSecond;
}

export function parseCount(text: string, what: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count === 0) throw new UsageError("INVALID_ARGUMENT", `${what} "${text}" is not a whole number from 1`);
  return count;
}

/** Seconds in, milliseconds out. */
export function parseTimeoutMs(text: string, what: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= TIMEOUT_SECONDS_MAX)) {
    throw new UsageError("INVALID_ARGUMENT", `${what} "${text}" is not a number of seconds from 0 (for ever) to ${TIMEOUT_SECONDS_MAX}`);
  }
  return Math.ceil(seconds * 1000);
}

export const parseLanguage = (text: string, what: string): Language => parseOneOf(LANGUAGES, text, what);

/** From the one that says most to the one that says nothing. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const parseLogLevel = (text: string, what: string): LogLevel => parseOneOf(LOG_LEVELS, text, what);

/** The environment's spelling of a switch. */
export function parseSwitch(text: string, what: string): boolean {
  const on = ["1", "true", "yes"].includes(text.toLowerCase());
  if (on || ["0", "false", "no"].includes(text.toLowerCase())) return on;
  throw new UsageError("INVALID_ARGUMENT", `${what} "${text}" is neither 1 nor 0`);
}

function parseOneOf<Value extends string>(values: readonly Value[], text: string, what: string): Value {
  const value = values.find((candidate) => candidate === text);
  if (value === undefined) throw new UsageError("INVALID_ARGUMENT", `${what} "${text}" is not one of ${values.join(", ")}`);
  return value;
}
