import { deepStrictEqual, doesNotThrow, equal, ok } from "node:assert/strict";
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { displayText, type ErrorCode } from "@piecewise/base";
import { fromServiceError } from "../status.js";
import type { CallOutcome } from "./fake-call.js";

/** The answers of a call; fails if it was refused with anything but one of these codes, or failed in a way that nobody foresaw. */
export function answersOf<Schema extends DescMessage>(schema: Schema, outcome: CallOutcome, refusals: readonly ErrorCode[]): MessageShape<Schema>[] {
  const { status, answers, errors } = outcome;
  deepStrictEqual(errors, [], "failed in a way that nobody foresaw");
  if (status !== undefined) {
    const { code } = fromServiceError(status, { kind: "peer", address: "192.0.2.7:40000" });
    ok(refusals.includes(code), `refused with ${code} (${status.code}): ${status.details}`);
    equal(displayText(status.details), status.details);
    doesNotThrow(() => encodeURI(status.details), "its text does not fit into a header");
  }
  return answers.map((answer) => fromBinary(schema, answer));
}
