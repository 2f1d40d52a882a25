import type { BigIntStats } from "node:fs";

/** What tells whether a file has changed. */
export interface FileStamp {
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: bigint;
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
}

export const createFileStamp = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileStamp => ({
  device: dev,
  inode: ino,
  size,
  modifiedNs: mtimeNs,
  changedNs: ctimeNs,
});

/** Whether it is the same file, with the same length. */
export const isSameFile = (a: FileStamp, b: FileStamp): boolean => a.device === b.device && a.inode === b.inode && a.size === b.size;

/** Whether it is the same file, and nobody wrote to it. */
export const isSameStamp = (a: FileStamp, b: FileStamp): boolean =>
  isSameFile(a, b) && a.modifiedNs === b.modifiedNs && a.changedNs === b.changedNs;
