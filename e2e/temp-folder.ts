import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is removed, with all that is in it, when it is disposed of. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** A path inside it. */
  join(...parts: string[]): string;
}

export async function openTempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), "piecewise-e2e-"));
  return {
    path,
    join: (...parts) => join(path, ...parts),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
