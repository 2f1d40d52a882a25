import { expect, test } from "vitest";
import { toStorageError } from "./storage-error.js";

const systemError = (code: string): Error => Object.assign(new Error(code), { code, syscall: "open" });

test.each([
  ["ENOSPC", "write", "DISK_FULL"],
  ["EDQUOT", "write", "DISK_FULL"],
  ["ENOENT", "read", "PATH_NOT_FOUND"],
  ["EACCES", "read", "PATH_UNREADABLE"],
  ["EPERM", "read", "PATH_UNREADABLE"],
  ["EACCES", "write", "PATH_NOT_WRITABLE"],
  ["EROFS", "write", "PATH_NOT_WRITABLE"],
  ["EMFILE", "read", "TOO_MANY_OPEN_FILES"],
  ["ENFILE", "write", "TOO_MANY_OPEN_FILES"],
  ["EIO", "read", "STORAGE_FAILED"],
] as const)("%s on %s is %s, in one line that names the path", (systemCode, action, code) => {
  const cause = systemError(systemCode);
  const error = toStorageError(cause, action, "/a\u001bb");
  expect(error).toMatchObject({ code, cause });
  expect(error.message).toMatch(/^cannot (read|write) "\/a\\u\{1b\}b": [^\n]+; [^\n]+$/);
});

test("an error that is not the system's is a bug, and stays what it is", () => {
  const bug = new TypeError("undefined is not a function");
  expect(() => toStorageError(bug, "read", "/a")).toThrow(bug);
});
