import { displayText, StorageError } from "@piecewise/base";

/** What was done with the path when it failed. */
export type StorageAction = "read" | "write";

/** The `code` of an error of the system, such as `ENOENT`; undefined for any other error. */
export function systemErrorCode(error: unknown): string | undefined {
  const isSystemError = error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
  return isSystemError ? (error.code as string) : undefined;
}

/** Whether a second name was refused because the file system has none to give (FAT, some network file systems). */
export const isWithoutLinks = (error: unknown): boolean => ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(systemErrorCode(error) ?? "");

/** Makes a StorageError of an error of the system. The only place where that happens. Any other error is a bug and is thrown as it is. */
export function toStorageError(cause: unknown, action: StorageAction, path: string): StorageError {
  const code = systemErrorCode(cause);
  if (code === undefined) throw cause;
  return createStorageError(code, action, path, cause);
}

/** @param systemCode such as `ENOSPC` */
export function createStorageError(systemCode: string, action: StorageAction, path: string, cause: unknown): StorageError {
  const failed = `cannot ${action} "${displayText(path)}"`;
  switch (systemCode) {
    case "ENOSPC":
    case "EDQUOT":
      return new StorageError("DISK_FULL", `${failed}: the disk or the quota is full; make room, then run the same again`, { cause });
    case "ENOENT":
      return new StorageError("PATH_NOT_FOUND", `${failed}: it does not exist; check the path`, { cause });
    case "EROFS":
      return new StorageError("PATH_NOT_WRITABLE", `${failed}: the file system is read-only; choose another place`, { cause });
    case "EACCES":
    case "EPERM":
      return action === "read"
        ? new StorageError("PATH_UNREADABLE", `${failed}: permission denied; allow this user to read it`, { cause })
        : new StorageError("PATH_NOT_WRITABLE", `${failed}: permission denied; choose another place, or allow this user to write there`, { cause });
    case "EMFILE":
    case "ENFILE":
      return new StorageError("TOO_MANY_OPEN_FILES", `${failed}: too many files are open; raise the limit (ulimit -n), then try again`, { cause });
    default:
      return new StorageError("STORAGE_FAILED", `${failed}: the system says ${systemCode}; check the disk, then run the same again`, { cause });
  }
}

/** Awaits calls to the system on one path and translates what fails. */
export async function withStorageErrors<T>(action: StorageAction, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toStorageError(error, action, path);
  }
}
