/**
 * The canonical gRPC status codes.
 * Source: the gRPC core documentation, "Status codes and their use in gRPC".
 */
export const GrpcCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode];

/** Who has to act on an error. One class, and one exit code of the command line, for each. */
export type ErrorKind = "usage" | "remote" | "integrity" | "storage" | "cancelled";

interface ErrorCodeFacts {
  readonly kind: ErrorKind;
  /** The status under which a server reports it. */
  readonly grpc: GrpcCode;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

const facts = <Kind extends ErrorKind>(kind: Kind, grpc: GrpcCode, retryable = false) => ({ kind, grpc, retryable });

/**
 * Every error that Piecewise names. The key is `ErrorInfo.reason` on the wire and `code` in logs and in `--json`; it never changes its
 * meaning once released.
 */
export const ERROR_CODES = {
  // The caller has to change what it asks for.
  INVALID_ARGUMENT: facts("usage", GrpcCode.INVALID_ARGUMENT),
  LINK_INVALID: facts("usage", GrpcCode.INVALID_ARGUMENT),
  PIECE_LENGTH_INVALID: facts("usage", GrpcCode.INVALID_ARGUMENT),
  PATH_NOT_SHAREABLE: facts("usage", GrpcCode.INVALID_ARGUMENT),
  NAME_AMBIGUOUS: facts("usage", GrpcCode.FAILED_PRECONDITION),
  ADDRESS_IN_USE: facts("usage", GrpcCode.FAILED_PRECONDITION),
  OUTPUT_EXISTS: facts("usage", GrpcCode.ALREADY_EXISTS),
  OUTPUT_LOCKED: facts("usage", GrpcCode.ALREADY_EXISTS),
  // A tracker or a peer.
  TRACKER_UNREACHABLE: facts("remote", GrpcCode.UNAVAILABLE, true),
  PEER_UNREACHABLE: facts("remote", GrpcCode.UNAVAILABLE, true),
  TIMED_OUT: facts("remote", GrpcCode.DEADLINE_EXCEEDED, true),
  GOING_AWAY: facts("remote", GrpcCode.UNAVAILABLE, true),
  BUSY: facts("remote", GrpcCode.RESOURCE_EXHAUSTED, true),
  TOO_SLOW: facts("remote", GrpcCode.RESOURCE_EXHAUSTED, true),
  TRACKER_FULL: facts("remote", GrpcCode.RESOURCE_EXHAUSTED, true),
  CONTENT_NOT_FOUND: facts("remote", GrpcCode.NOT_FOUND),
  NO_PEERS: facts("remote", GrpcCode.UNAVAILABLE, true),
  NOT_OFFERED: facts("remote", GrpcCode.FAILED_PRECONDITION),
  PIECE_OUT_OF_RANGE: facts("remote", GrpcCode.OUT_OF_RANGE),
  LEASE_TOKEN_WRONG: facts("remote", GrpcCode.PERMISSION_DENIED),
  REGISTER_AGAIN: facts("remote", GrpcCode.FAILED_PRECONDITION, true),
  OWN_PEER: facts("remote", GrpcCode.FAILED_PRECONDITION),
  PROTOCOL_VIOLATION: facts("remote", GrpcCode.INTERNAL),
  REMOTE_FAILED: facts("remote", GrpcCode.UNKNOWN),
  // Bytes that are not what they were said to be.
  PIECE_DAMAGED: facts("integrity", GrpcCode.DATA_LOSS),
  MANIFEST_INVALID: facts("integrity", GrpcCode.DATA_LOSS),
  CONTENT_CHANGED: facts("integrity", GrpcCode.DATA_LOSS),
  // This machine.
  DISK_FULL: facts("storage", GrpcCode.RESOURCE_EXHAUSTED),
  PATH_NOT_FOUND: facts("storage", GrpcCode.NOT_FOUND),
  PATH_UNREADABLE: facts("storage", GrpcCode.PERMISSION_DENIED),
  PATH_NOT_WRITABLE: facts("storage", GrpcCode.PERMISSION_DENIED),
  TOO_MANY_OPEN_FILES: facts("storage", GrpcCode.RESOURCE_EXHAUSTED, true),
  STORAGE_FAILED: facts("storage", GrpcCode.INTERNAL),
  // Nobody: it was asked for.
  CANCELLED: facts("cancelled", GrpcCode.CANCELLED),
} as const satisfies Record<string, ErrorCodeFacts>;

/** A name of `ERROR_CODES`. */
export type ErrorCode = keyof typeof ERROR_CODES;

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERROR_CODES, text);
