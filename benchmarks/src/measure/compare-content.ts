import { type Dirent, readdirSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join, relative } from "node:path";
import { MIB } from "@piecewise/base";
import { BenchFailure } from "../bench-failure.js";
import type { Content } from "./content.js";

const BLOCK_BYTES = 4 * MIB;

/** @throws BenchFailure unless `copy` is, byte for byte, the content, and nothing besides. */
export async function compareContent(content: Content, copy: string): Promise<void> {
  if (content.files === undefined) return compareFile(content.path, copy);
  const expected = content.files.map(({ path }) => path).toSorted();
  const actual = filesBelow(copy).toSorted();
  const difference = expected.find((path, index) => path !== actual[index]) ?? actual[expected.length];
  if (difference !== undefined) throw new BenchFailure(`${copy} does not have the files of ${content.path}: see ${difference}.`);
  for (const path of expected) await compareFile(join(content.path, path), join(copy, path));
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry: Dirent) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

async function compareFile(original: string, copy: string): Promise<void> {
  await using expected = await open(original);
  await using actual = await open(copy).catch(() => undefined);
  if (actual === undefined) throw new BenchFailure(`${copy} is not there, though its download ended well.`);
  const size = (await expected.stat()).size;
  if ((await actual.stat()).size !== size) throw new BenchFailure(`${copy} has not the ${size} bytes of ${original}.`);
  const [left, right] = [Buffer.allocUnsafe(BLOCK_BYTES), Buffer.allocUnsafe(BLOCK_BYTES)];
  for (let offset = 0; offset < size; offset += BLOCK_BYTES) {
    const bytes = Math.min(BLOCK_BYTES, size - offset);
    await Promise.all([readFully(expected, left, bytes, offset), readFully(actual, right, bytes, offset)]);
    if (!left.subarray(0, bytes).equals(right.subarray(0, bytes))) {
      throw new BenchFailure(`${copy} is wrong: it differs from ${original} between byte ${offset} and byte ${offset + bytes}.`);
    }
  }
}

async function readFully(file: FileHandle, into: Buffer, bytes: number, offset: number): Promise<void> {
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await file.read(into, done, bytes - done, offset + done);
    if (bytesRead === 0) throw new BenchFailure("A file became shorter while it was compared.");
    done += bytesRead;
  }
}
