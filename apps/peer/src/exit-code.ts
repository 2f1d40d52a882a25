import { PiecewiseError, type ErrorCode, type ErrorKind } from "@piecewise/base";

/** What the process ends with. `docs/CLI.md` lists the same numbers. */
export const ExitCode = {
  OK: 0,
  /** A bug. */
  INTERNAL: 1,
  /** The command has to be changed. */
  USAGE: 2,
  /** A tracker or a peer failed. */
  REMOTE: 3,
  /** Bytes are not what they were said to be. */
  INTEGRITY: 4,
  /** This machine's disk, files or limits. */
  STORAGE: 5,
  NOT_FOUND: 6,
  AMBIGUOUS: 7,
  NO_PEERS: 8,
  /** Stopped before the work was done. */
  INTERRUPTED: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

const BY_KIND: Readonly<Record<ErrorKind, ExitCode>> = {
  usage: ExitCode.USAGE,
  remote: ExitCode.REMOTE,
  integrity: ExitCode.INTEGRITY,
  storage: ExitCode.STORAGE,
  cancelled: ExitCode.INTERRUPTED,
};

/** Errors that a script wants to tell from the others of their kind. */
const BY_CODE: Readonly<Partial<Record<ErrorCode, ExitCode>>> = {
  CONTENT_NOT_FOUND: ExitCode.NOT_FOUND,
  NAME_AMBIGUOUS: ExitCode.AMBIGUOUS,
  NO_PEERS: ExitCode.NO_PEERS,
};

/** The exit code that belongs to an error. */
export const exitCodeOf = (error: unknown): ExitCode =>
  error instanceof PiecewiseError ? (BY_CODE[error.code] ?? BY_KIND[error.kind]) : ExitCode.INTERNAL;
