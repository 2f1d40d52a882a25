import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { Failure } from "../processes/processes.mjs";
import { root } from "../setup.mjs";

const FILE_BYTES_MIN = 80 * 1_048_576;
/** Some hundred files of all sizes, a few MiB, no symbolic links. */
const TREE = "node_modules/typescript";

/** A large file that every machine with this project has: Node itself, or, where that is small, the largest that was installed. */
export function pickFile() {
  const node = { path: process.execPath, bytes: statSync(process.execPath).size };
  const installed = node.bytes >= FILE_BYTES_MIN ? [] : filesBelow(join(root, "node_modules"));
  const largest = [node, ...installed].reduce((best, file) => (file.bytes > best.bytes ? file : best));
  return { ...largest, name: basename(largest.path) };
}

export function pickTree() {
  const path = join(root, TREE);
  const files = filesBelow(path);
  if (files.length === 0) throw new Failure(`${path} is empty: remove node_modules and try again.`);
  return { path, name: basename(path), files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}

function filesBelow(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name)).map((path) => ({ path, bytes: statSync(path).size }));
}
