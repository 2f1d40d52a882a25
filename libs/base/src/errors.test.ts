import { describe, expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode, GrpcCode, isErrorCode } from "./error-codes.js";
import { CancelledError, IntegrityError, PiecewiseError, RemoteError, StorageError, UsageError, createError } from "./errors.js";

const CLASSES = { usage: UsageError, remote: RemoteError, integrity: IntegrityError, storage: StorageError, cancelled: CancelledError };
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

describe("error codes", () => {
  test.each(CODES)("%s belongs to one class and to a failing status", (code) => {
    const error = createError(code, "it failed");
    const { kind, grpc, retryable } = ERROR_CODES[code];
    expect(error).toBeInstanceOf(CLASSES[kind]);
    expect(error).toBeInstanceOf(PiecewiseError);
    expect(error).toMatchObject({ code, kind, retryable, message: "it failed", name: CLASSES[kind].name, retryAfterMs: undefined });
    expect(grpc).not.toBe(GrpcCode.OK);
  });

  test("only names of the table are codes", () => {
    expect(CODES.every(isErrorCode)).toBe(true);
    for (const text of ["", "toString", "__proto__", "busy", "NO_SUCH_CODE"]) expect(isErrorCode(text)).toBe(false);
  });
});

describe("errors", () => {
  test("keep their cause, and have none unless given", () => {
    const cause = new Error("ENOSPC");
    expect(new StorageError("DISK_FULL", "the disk is full", { cause }).cause).toBe(cause);
    expect("cause" in new StorageError("DISK_FULL", "the disk is full")).toBe(false);
  });

  test("a single one may differ from its code in whether and when to try again", () => {
    expect(new RemoteError("BUSY", "busy", { retryAfterMs: 250 })).toMatchObject({ retryable: true, retryAfterMs: 250 });
    expect(new RemoteError("BUSY", "busy", { retryable: false }).retryable).toBe(false);
  });

  test("a remote one names the remote", () => {
    expect(createError("PEER_UNREACHABLE", "gone", { remote: "10.0.0.1:7" })).toMatchObject({ remote: "10.0.0.1:7" });
    expect(new RemoteError("NO_PEERS", "nobody").remote).toBeUndefined();
  });

  test("cancellation needs no words", () => {
    expect(new CancelledError()).toMatchObject({ code: "CANCELLED", message: "cancelled" });
  });
});
