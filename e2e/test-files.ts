import { createHash, createCipheriv } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

const BLOCK_BYTES = 1_048_576;

/** Writes a file, and the folders above it, of bytes that look random and depend on `seed` alone. */
export async function writeTestFile(path: string, bytes: number, seed = "piecewise"): Promise<void> {
  const key = createHash("sha256").update(seed).digest();
  const stream = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  await mkdir(dirname(path), { recursive: true });
  await using file = await open(path, "w");
  for (let left = bytes; left > 0; left -= BLOCK_BYTES) await file.write(stream.update(Buffer.alloc(Math.min(left, BLOCK_BYTES))));
}

/** SHA-256 of a file in hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** SHA-256 of every file below a folder by its relative path; an empty folder appears as "empty folder". */
export async function hashTree(root: string): Promise<Map<string, string>> {
  const tree = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const relative = path.slice(root.length + 1);
    if (entry.isFile()) tree.set(relative, await hashFile(path));
    else if (entry.isDirectory() && (await readdir(path)).length === 0) tree.set(relative, "empty folder");
  }
  return tree;
}
