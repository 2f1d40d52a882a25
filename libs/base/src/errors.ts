import { ERROR_CODES, type ErrorCode, type ErrorKind } from "./error-codes.js";

type CodeOf<Kind extends ErrorKind> = {
  [Code in ErrorCode]: (typeof ERROR_CODES)[Code]["kind"] extends Kind ? Code : never;
}[ErrorCode];

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Overrides what the code says. */
  readonly retryable?: boolean;
  /** Wait at least so long before trying again. */
  readonly retryAfterMs?: number;
}

/**
 * The one error type of Piecewise. `message` is a sentence for a person: what failed, why, and what to do next. Programs branch on `code`.
 */
export abstract class PiecewiseError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  protected constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.kind = ERROR_CODES[code].kind;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The caller has to change what it asks for. */
export class UsageError extends PiecewiseError {
  constructor(code: CodeOf<"usage">, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A tracker or a peer failed or refused; `remote` is its address, if it is one alone. */
export class RemoteError extends PiecewiseError {
  readonly remote: string | undefined;

  constructor(code: CodeOf<"remote">, message: string, options: ErrorOptions & { readonly remote?: string } = {}) {
    super(code, message, options);
    this.remote = options.remote;
  }
}

/** Bytes are not what they were said to be. */
export class IntegrityError extends PiecewiseError {
  constructor(code: CodeOf<"integrity">, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** This machine's disk, files or limits. */
export class StorageError extends PiecewiseError {
  constructor(code: CodeOf<"storage">, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** Somebody asked for the work to stop. */
export class CancelledError extends PiecewiseError {
  constructor(message = "cancelled", options?: ErrorOptions) {
    super("CANCELLED", message, options);
  }
}

/** Builds the class that belongs to a code, for places that translate errors from outside. */
export function createError(code: ErrorCode, message: string, options: ErrorOptions & { readonly remote?: string } = {}): PiecewiseError {
  switch (ERROR_CODES[code].kind) {
    case "usage":
      return new UsageError(code as CodeOf<"usage">, message, options);
    case "remote":
      return new RemoteError(code as CodeOf<"remote">, message, options);
    case "integrity":
      return new IntegrityError(code as CodeOf<"integrity">, message, options);
    case "storage":
      return new StorageError(code as CodeOf<"storage">, message, options);
    case "cancelled":
      return new CancelledError(message, options);
  }
}
