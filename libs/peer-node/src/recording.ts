import { closeSync, openSync, writeSync } from "node:fs";
import { displayText, type Logger, MIB, UsageError } from "@piecewise/base";
import { systemErrorCode, toStorageError } from "@piecewise/piece-store";

/** Bytes of the record of one download. */
export const RECORDING_BYTES_MAX = 64 * MIB;

/** The file into which the record of a download goes, a line at a time. A download goes on without it when there is no room for more. */
export interface Recording extends Disposable {
  /** False if nothing more is taken. */
  write(line: string): boolean;
}

/**
 * Makes the file. Each line is handed to the system at once, so that a process which dies leaves all of them behind.
 * @throws UsageError OUTPUT_EXISTS; StorageError.
 */
export function openRecording(path: string, logger: Logger): Recording {
  const file = create(path);
  let leftBytes = RECORDING_BYTES_MAX;
  return {
    write(line) {
      const bytes = Buffer.from(`${line}\n`);
      if (bytes.length > leftBytes) {
        logger.warn({ path, bytesMax: RECORDING_BYTES_MAX }, "the record of this download is full and ends here; the download goes on");
        return false;
      }
      leftBytes -= bytes.length;
      try {
        for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
        return true;
      } catch (error) {
        const { code, message } = toStorageError(error, "write", path);
        logger.warn({ path, code }, `the record of this download ends here, and the download goes on: ${message}`);
        return false;
      }
    },
    [Symbol.dispose]() {
      closeSync(file);
    },
  };
}

function create(path: string): number {
  try {
    return openSync(path, "wx", 0o644);
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw toStorageError(error, "write", path);
    throw new UsageError("OUTPUT_EXISTS", `the record "${displayText(path)}" exists already; name another file, or remove this one`, { cause: error });
  }
}
