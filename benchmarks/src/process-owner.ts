/** Who starts and ends the processes of the benchmark: `scripts/processes/processes.mjs`, whatever happens, leaves none behind. */
export interface ProcessOwner {
  /** Runs a command to its end. Rejects if it cannot be started. */
  capture(file: string, args: readonly string[], options?: CommandOptions): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  /** Starts a command that goes on, in a process group of its own; `onLine` is called with each line of its stdout. */
  start(file: string, args: readonly string[], options: CommandOptions & { readonly onLine: (line: string) => void }): OwnedProcess;
}

export interface CommandOptions {
  /** Added to the environment of the benchmark; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface OwnedProcess {
  /** Its exit code; a signal counts as 128 and its number. */
  readonly ended: Promise<number>;
  /** The last lines of its stderr. */
  readonly stderr: readonly string[];
  /** SIGTERM to its group, and SIGKILL if that does not help. */
  stop(): Promise<void>;
}
