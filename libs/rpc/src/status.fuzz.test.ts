import { deepStrictEqual, doesNotThrow, equal, ok } from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { displayText, ERROR_CODES, type ErrorCode, PiecewiseError } from "@piecewise/base";
import { bytesOf, fuzz, joinParts, splitParts, textOf } from "@piecewise/base/testing";
import { ErrorInfoSchema, RetryInfoSchema, StatusSchema } from "@piecewise/contract";
import { messageBytes } from "@piecewise/contract/testing";
import { Metadata } from "@grpc/grpc-js";
import * as fc from "fast-check";
import { fromServiceError, RETRY_AFTER_MS_MAX, STATUS_TEXT_LENGTH_MAX, toStatus } from "./status.js";

const codes = Object.keys(ERROR_CODES) as ErrorCode[];
const reason = fc.constantFrom(...codes, "LATER", "__proto__", "toString", "");
const domain = fc.constantFrom("piecewise", "piecewise", "elsewhere");
const errorInfo = fc.record({ reason, domain }).map((info) => anyPack(ErrorInfoSchema, create(ErrorInfoSchema, info)));
const seconds = fc.constantFrom(0n, 1n, -1n, 3_600n, 315_576_000_000n, 2n ** 63n - 1n, -(2n ** 63n));
const retryInfo = fc
  .record({ seconds, nanos: fc.constantFrom(0, 1, -1, 999_999_999, 2 ** 31 - 1) })
  .map((retryDelay) => anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
const details = fc
  .array(fc.oneof(errorInfo, retryInfo), { maxLength: 3 })
  .map((list) => toBinary(StatusSchema, create(StatusSchema, { code: 8, message: "full", details: list })));
const text = fc.constantFrom("", "because", "\u{1b}[2J", "\ud83d", "\n", "é".repeat(600), "\u{202e}", "a\0b").map(bytesOf);

// Input: the code (a byte), then the text and the details as parts.
fuzz({
  name: "the status of a call",
  corpus: new URL("testdata/status.corpus.json", import.meta.url),
  valid: fc
    .tuple(fc.nat(20), text, fc.oneof({ weight: 4, arbitrary: details }, { weight: 1, arbitrary: messageBytes(StatusSchema) }))
    .map(([code, said, bytes]) => Buffer.concat([Buffer.of(code), joinParts([said, bytes])])),
  check(input) {
    const [said = new Uint8Array(), bytes = new Uint8Array()] = splitParts(input.subarray(1), 2);
    const metadata = new Metadata();
    metadata.set("grpc-status-details-bin", Buffer.from(bytes));
    const remote = { kind: (input[0] ?? 0) & 0x40 ? "tracker" : "peer", address: "10.0.0.7:4000" } as const;
    const error = fromServiceError({ code: (input[0] ?? 0) & 0x3f, details: textOf(said), metadata }, remote);
    ok(error instanceof PiecewiseError);
    ok(error.kind !== "storage" && error.kind !== "cancelled", `${error.code} would be of this machine`);
    equal(displayText(error.message), error.message);
    ok(error.message.length <= STATUS_TEXT_LENGTH_MAX + 200);
    const { retryAfterMs } = error;
    ok(retryAfterMs === undefined || (retryAfterMs >= 0 && retryAfterMs <= RETRY_AFTER_MS_MAX), String(retryAfterMs));

    // Whoever passes it on says the same.
    const status = toStatus(error);
    doesNotThrow(() => encodeURI(status.details));
    const again = fromServiceError(status, remote);
    deepStrictEqual([again.code, again.retryable, Math.round(again.retryAfterMs ?? -1)], [error.code, error.retryable, Math.round(retryAfterMs ?? -1)]);
  },
});
