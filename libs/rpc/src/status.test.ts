import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack, durationFromMs } from "@bufbuild/protobuf/wkt";
import { CancelledError, createError, ERROR_CODES, type ErrorCode, GrpcCode, RemoteError, UsageError } from "@piecewise/base";
import { ErrorInfoSchema, RetryInfoSchema, StatusSchema } from "@piecewise/contract";
import { Metadata } from "@grpc/grpc-js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromServiceError, type Remote, RETRY_AFTER_MS_MAX, STATUS_TEXT_LENGTH_MAX, toStatus } from "./status.js";

const peer: Remote = { kind: "peer", address: "10.0.0.7:4000" };
const tracker: Remote = { kind: "tracker", address: "10.0.0.8:50051" };
const codes = Object.keys(ERROR_CODES) as ErrorCode[];
const plainStatus = (code: number, details = "because", metadata = new Metadata()) => ({ code, details, metadata });

function withDetails(details: Parameters<typeof create<typeof StatusSchema>>[1]): Metadata {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, create(StatusSchema, details))));
  return metadata;
}

const errorInfo = (reason: string, domain = "piecewise") => anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason, domain }));
const retryInfo = (ms: number) => anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: durationFromMs(ms) }));

// Also halves of characters, which no valid text has.
const anyText = fc.array(fc.nat({ max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units));

describe("what crosses the wire", () => {
  const crossing = codes.filter((code) => !["storage", "cancelled"].includes(ERROR_CODES[code].kind));

  test.each(crossing)("%s arrives as itself", (code) => {
    const status = toStatus(createError(code, "it went wrong"));
    expect(status.code).toBe(ERROR_CODES[code].grpc);
    const error = fromServiceError(status, peer);
    const { kind, retryable } = ERROR_CODES[code];
    expect(error).toMatchObject({ code, kind, retryable, ...(kind === "remote" ? { remote: peer.address } : {}) });
    expect(error.message).toContain(peer.address);
    expect(error.cause).toMatchObject({ message: expect.stringContaining("it went wrong") });
  });

  test.each(codes.filter((code) => !crossing.includes(code)))("%s of the other side is not taken for one of this machine", (code) => {
    const error = fromServiceError(toStatus(createError(code, "it went wrong")), peer);
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ remote: peer.address });
  });

  test("the time to wait", () => {
    expect(fromServiceError(toStatus(createError("BUSY", "full", { retryAfterMs: 1500 })), peer).retryAfterMs).toBe(1500);
    expect(fromServiceError(toStatus(createError("BUSY", "full")), peer).retryAfterMs).toBeUndefined();
  });
});

describe("what a server does not tell", () => {
  test.each([new Error("/home/me/secret"), new TypeError("x"), "text", undefined, { code: 3, details: "x" }])("of %s", (thrown) => {
    const { code, details, metadata } = toStatus(thrown);
    expect({ code, details, metadata: metadata.getMap() }).toEqual({ code: GrpcCode.INTERNAL, details: "internal error", metadata: {} });
  });

  test("half a character never reaches the header, where it could not be encoded", () => {
    const { details } = toStatus(new UsageError("INVALID_ARGUMENT", `${"x".repeat(STATUS_TEXT_LENGTH_MAX - 1)}😀 \ud800`));
    expect(() => encodeURI(details)).not.toThrow();
    expect(details.length).toBeLessThanOrEqual(STATUS_TEXT_LENGTH_MAX);
  });
});

describe("without a known reason the gRPC code decides", () => {
  test.each([
    [GrpcCode.UNAVAILABLE, peer, "PEER_UNREACHABLE"],
    [GrpcCode.UNAVAILABLE, tracker, "TRACKER_UNREACHABLE"],
    [GrpcCode.CANCELLED, peer, "PEER_UNREACHABLE"],
    [GrpcCode.DEADLINE_EXCEEDED, tracker, "TIMED_OUT"],
    [GrpcCode.RESOURCE_EXHAUSTED, peer, "BUSY"],
    [GrpcCode.UNIMPLEMENTED, peer, "REMOTE_FAILED"],
    [GrpcCode.INTERNAL, peer, "REMOTE_FAILED"],
    [99, peer, "REMOTE_FAILED"],
    [Number.NaN, peer, "REMOTE_FAILED"],
  ] as const)("%s from %o is %s", (code, remote, expected) => {
    const unknown = withDetails({ details: [errorInfo("SOMETHING_NEW")] });
    const foreign = withDetails({ details: [errorInfo("BUSY", "example.org")] });
    for (const metadata of [new Metadata(), unknown, foreign]) {
      const error = fromServiceError(plainStatus(code, "because", metadata), remote);
      expect(error).toBeInstanceOf(RemoteError);
      expect(error).toMatchObject({ code: expected, remote: remote.address });
      expect(error.message).toContain(remote.address);
      expect(error.cause).toMatchObject({ message: expect.stringContaining("because") });
    }
  });

  test("only the caller itself cancels", () => {
    expect(fromServiceError(toStatus(new CancelledError()), peer)).not.toBeInstanceOf(CancelledError);
  });
});

describe("hostile answers", () => {
  test("no bytes make it throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.integer(), anyText, (bytes, code, text) => {
        const metadata = new Metadata();
        metadata.set("grpc-status-details-bin", Buffer.from(bytes));
        expect(fromServiceError(plainStatus(code, text, metadata), peer).message.length).toBeGreaterThan(0);
      }),
    );
  });

  test("a detail that is cut short leaves the others out and the code in place", () => {
    const broken = { typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value: new Uint8Array([0x0a, 0x50]) };
    const metadata = withDetails({ details: [broken, retryInfo(5)] });
    expect(fromServiceError(plainStatus(GrpcCode.UNAVAILABLE, "x", metadata), peer)).toMatchObject({ code: "PEER_UNREACHABLE" });
  });

  test("text cannot rewrite a terminal and is cut", () => {
    const { message } = fromServiceError(plainStatus(GrpcCode.INTERNAL, `\u001b[2J${"x".repeat(100_000)}`), peer);
    expect(message).not.toContain("\u001b");
    expect(message.length).toBeLessThan(STATUS_TEXT_LENGTH_MAX + 100);
  });

  test.each([
    [-5_000, 0],
    [10 * RETRY_AFTER_MS_MAX, RETRY_AFTER_MS_MAX],
  ])("a wait of %i ms counts as %i ms", (asked, counted) => {
    const metadata = withDetails({ details: [retryInfo(asked)] });
    expect(fromServiceError(plainStatus(GrpcCode.UNAVAILABLE, "x", metadata), peer).retryAfterMs).toBe(counted);
  });

  test("a status without text or metadata is still an error", () => {
    const bare = { code: undefined, details: undefined, metadata: undefined } as never;
    expect(fromServiceError(bare, peer)).toMatchObject({ code: "REMOTE_FAILED" });
  });
});
