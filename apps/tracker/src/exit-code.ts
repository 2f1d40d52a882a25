import { type ErrorKind, PiecewiseError } from "@piecewise/base";

/** What the process ends with. The peer's command line uses the same numbers. */
export const ExitCode = {
  OK: 0,
  /** A bug. */
  INTERNAL: 1,
  /** The command has to be changed. */
  USAGE: 2,
  REMOTE: 3,
  INTEGRITY: 4,
  /** This machine's limits. */
  STORAGE: 5,
  /** Ended at once, by a second signal. */
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

/** The exit code that belongs to an error. */
export const exitCodeOf = (error: unknown): ExitCode => (error instanceof PiecewiseError ? BY_KIND[error.kind] : ExitCode.INTERNAL);
