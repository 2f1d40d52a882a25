/** A stream that the command writes to. `columns` exists on a terminal only. */
export interface OutputStream {
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** What the command has of the process around it. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Aborted when somebody asks for the end. */
  readonly stop: AbortSignal;
}
