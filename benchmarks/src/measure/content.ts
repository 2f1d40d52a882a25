import { type Cipher, createCipheriv } from "node:crypto";
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { KIB, MIB } from "@piecewise/base";

/** A file, or a tree of files, to be distributed. */
export interface Content {
  /** The last part of its path, and the name under which it is shared. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** The files of a tree in their order, paths relative to it; undefined for a single file. */
  readonly files: readonly ContentFile[] | undefined;
}

export interface ContentFile {
  readonly path: string;
  readonly bytes: number;
}

const BLOCK_BYTES = 4 * MIB;
const ZEROS = Buffer.alloc(BLOCK_BYTES);
const MARK_BYTES = 4 * KIB;
const MARK_DISTANCE_BYTES = MIB;

/** Writes a file of pseudo-random bytes, the same ones for the same seed, and incompressible. */
export function makeFile(folder: string, name: string, bytes: number, seed = name): Content {
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeRandom(path, bytes, randomStream(seed));
  return { name, path, bytes, files: undefined };
}

/** Writes a file that takes next to no room: holes, and between them some bytes that tell its parts from each other. */
export function makeSparseFile(folder: string, name: string, bytes: number): Content {
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true });
  const random = randomStream(name);
  const file = openSync(path, "wx");
  try {
    ftruncateSync(file, bytes);
    for (let offset = 0; offset + MARK_BYTES <= bytes; offset += MARK_DISTANCE_BYTES) writeSync(file, random.update(ZEROS.subarray(0, MARK_BYTES)), 0, MARK_BYTES, offset);
  } finally {
    closeSync(file);
  }
  return { name, path, bytes, files: undefined };
}

/** Writes a tree of `count` files of `fileBytes` each, a hundred to a folder. */
export function makeTree(folder: string, name: string, count: number, fileBytes: number): Content {
  const path = join(folder, name);
  const random = randomStream(name);
  const files = Array.from({ length: count }, (_, index) => {
    const digits = String(index).padStart(6, "0");
    return { path: join(`folder-${digits.slice(0, 4)}`, `file-${digits}`), bytes: fileBytes };
  });
  for (const file of files) {
    mkdirSync(dirname(join(path, file.path)), { recursive: true });
    writeRandom(join(path, file.path), file.bytes, random);
  }
  return { name, path, bytes: count * fileBytes, files };
}

function writeRandom(path: string, bytes: number, random: Cipher): void {
  const file = openSync(path, "wx");
  try {
    for (let written = 0; written < bytes; ) {
      written += writeSync(file, random.update(ZEROS.subarray(0, Math.min(BLOCK_BYTES, bytes - written))));
    }
  } finally {
    closeSync(file);
  }
}

/** The key stream of a cipher is the fastest source of such bytes that there is. */
const randomStream = (seed: string): Cipher => createCipheriv("aes-128-ctr", seed.padEnd(16, ".").slice(0, 16), Buffer.alloc(16));
