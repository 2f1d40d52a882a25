import { AssertionError as TestFailure, equal, ok } from "node:assert/strict";
import { displayText } from "../display.js";
import type { ErrorCode } from "../error-codes.js";
import { PiecewiseError } from "../errors.js";

/** A message is a line or two of a terminal, whatever somebody put into what it quotes. */
const MESSAGE_LENGTH_MAX = 1_000;

/** Runs a decoder and gives what it made of its input; undefined if it refused it with one of these codes. Fails if it threw anything else. */
export function acceptedBy<Value>(codes: readonly ErrorCode[], decode: () => Value): Value | undefined {
  try {
    return decode();
  } catch (error) {
    checkRefusal(codes, error);
    return undefined;
  }
}

/** The same for a promise. */
export async function answeredWith<Value>(codes: readonly ErrorCode[], answer: () => Value | Promise<Value>): Promise<Value | undefined> {
  try {
    return await answer();
  } catch (error) {
    checkRefusal(codes, error);
    return undefined;
  }
}

function checkRefusal(codes: readonly ErrorCode[], error: unknown): void {
  if (error instanceof TestFailure) throw error;
  if (!(error instanceof PiecewiseError)) throw new Error(`refused with something else than a PiecewiseError: ${String(error)}`, { cause: error });
  if (!codes.includes(error.code)) throw new Error(`refused with ${error.code}, which is not documented: ${error.message}`, { cause: error });
  ok(error.message.length <= MESSAGE_LENGTH_MAX, error.message);
  equal(displayText(error.message), error.message, "a message that rewrites a terminal");
}
