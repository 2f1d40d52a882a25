import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack, anyUnpack, durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { createError, displayText, ERROR_CODES, type ErrorCode, GrpcCode, isErrorCode, PiecewiseError } from "@piecewise/base";
import { ErrorInfoSchema, RetryInfoSchema, StatusSchema } from "@piecewise/contract";
import { Metadata, type StatusObject } from "@grpc/grpc-js";

/** Who answers on a channel: decides what an unreachable one is called. */
export interface Remote {
  readonly kind: "peer" | "tracker";
  /** `host:port` as it was dialled. */
  readonly address: string;
}

/** An error of the standard services (health, reflection), whose codes are not Piecewise's. */
export class StandardStatusError extends Error {
  readonly grpcCode: GrpcCode;

  constructor(grpcCode: GrpcCode, message: string) {
    super(message);
    this.grpcCode = grpcCode;
  }
}

const ERROR_DOMAIN = "piecewise";
const DETAILS_KEY = "grpc-status-details-bin";
/** Longest text of an error that is sent or believed, in characters; the rest is cut. */
export const STATUS_TEXT_LENGTH_MAX = 1024;
/** Longest wait that a remote can ask for; more is cut to it. */
export const RETRY_AFTER_MS_MAX = 3_600_000;

// A lone half of a surrogate pair, left by the cut or sent by somebody, would make the percent-encoding of the header throw.
const boundedText = (text: string): string => {
  const safe = displayText(text.slice(0, STATUS_TEXT_LENGTH_MAX));
  return Buffer.from(safe.slice(0, STATUS_TEXT_LENGTH_MAX)).toString();
};

/** What a server answers for an error that a handler threw. Says nothing about errors that are not meant for others. */
export function toStatus(error: unknown): StatusObject {
  if (error instanceof StandardStatusError) return { code: error.grpcCode, details: boundedText(error.message), metadata: new Metadata() };
  if (!(error instanceof PiecewiseError)) return { code: GrpcCode.INTERNAL, details: "internal error", metadata: new Metadata() };

  const code = ERROR_CODES[error.code].grpc;
  const details = boundedText(error.message);
  const parts = [anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason: error.code, domain: ERROR_DOMAIN }))];
  if (error.retryAfterMs !== undefined) {
    const retryDelay = durationFromMs(Math.max(0, Math.round(error.retryAfterMs)));
    parts.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  const metadata = new Metadata();
  metadata.set(DETAILS_KEY, Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code, message: details, details: parts }))));
  return { code, details, metadata };
}

/**
 * The error that a status from the network means here. A known reason keeps its code; without one the gRPC code decides. Never throws,
 * whatever the bytes are.
 */
export function fromServiceError(status: Pick<StatusObject, "code" | "details" | "metadata">, remote: Remote): PiecewiseError {
  const { reason, retryAfterMs } = readDetails(status.metadata);
  const code = reason === undefined ? codeOfStatus(status.code, remote) : reason;
  const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
  return createError(code, describe(code, status, remote), { remote: remote.address, cause: new RemoteStatus(status), ...retry });
}

/** The status as it came, kept as the cause. */
class RemoteStatus extends Error {
  readonly code: number;

  constructor({ code, details }: Pick<StatusObject, "code" | "details">) {
    super(`gRPC status ${code}: ${boundedText(details ?? "")}`);
    this.name = "RemoteStatus";
    this.code = code;
  }
}

function codeOfStatus(code: number, remote: Remote): ErrorCode {
  switch (code) {
    // A call that was cancelled here never gets this far, so the other side or the connection cut it off.
    case GrpcCode.CANCELLED:
    case GrpcCode.UNAVAILABLE:
      return remote.kind === "tracker" ? "TRACKER_UNREACHABLE" : "PEER_UNREACHABLE";
    case GrpcCode.DEADLINE_EXCEEDED:
      return "TIMED_OUT";
    case GrpcCode.RESOURCE_EXHAUSTED:
      return "BUSY";
    default:
      return "REMOTE_FAILED";
  }
}

function describe(code: ErrorCode, status: Pick<StatusObject, "details">, remote: Remote): string {
  const name = `${remote.kind} ${displayText(remote.address)}`;
  const said = boundedText(status.details ?? "") || "no reason given";
  switch (code) {
    case "TRACKER_UNREACHABLE":
    case "PEER_UNREACHABLE":
      return `cannot reach ${name} (${said}); check that it runs and that the address is right`;
    case "TIMED_OUT":
      return `${name} did not answer in time; try again later`;
    case "BUSY":
      return `${name} is busy (${said}); try again later`;
    default:
      return `${name} answered: ${said}`;
  }
}

interface StatusDetails {
  readonly reason?: ErrorCode | undefined;
  readonly retryAfterMs?: number | undefined;
}

function readDetails(metadata: Metadata | undefined): StatusDetails {
  const bytes = metadata?.get(DETAILS_KEY)[0];
  if (!Buffer.isBuffer(bytes)) return {};
  try {
    const { details } = fromBinary(StatusSchema, bytes);
    const reason = details
      .map((detail) => anyUnpack(detail, ErrorInfoSchema))
      .find((info) => info?.domain === ERROR_DOMAIN)?.reason;
    const retryDelay = details.map((detail) => anyUnpack(detail, RetryInfoSchema)?.retryDelay).find((delay) => delay !== undefined);
    return {
      reason: reason !== undefined && isRemoteReason(reason) ? reason : undefined,
      retryAfterMs: retryDelay === undefined ? undefined : Math.min(Math.max(0, durationMs(retryDelay)), RETRY_AFTER_MS_MAX),
    };
  } catch {
    // Details are an extra: bytes that cannot be read leave the gRPC code, which every answer has.
    return {};
  }
}

// The other side's disk and the other side's Ctrl-C are not this machine's: they must not pass for its own.
const isRemoteReason = (reason: string): reason is ErrorCode =>
  isErrorCode(reason) && ERROR_CODES[reason].kind !== "storage" && ERROR_CODES[reason].kind !== "cancelled";
