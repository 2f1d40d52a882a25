import { createHash } from "node:crypto";
import { createReadStream, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { Failure } from "../processes/processes.mjs";

/** @returns the SHA-256 in hex that both files have. @throws Failure if they differ. */
export async function compareFile(original, copy) {
  const [expected, actual] = [await sha256(original), await sha256(copy)];
  if (expected !== actual) throw new Failure(`${copy} is not what was shared: SHA-256 ${actual} instead of ${expected}`);
  return expected;
}

/** @returns how many files both folders have. @throws Failure if one is missing, differs, or is too many. */
export async function compareTree(original, copy) {
  const expected = filesBelow(original);
  const actual = filesBelow(copy);
  const difference = expected.filter((path) => !actual.includes(path)).concat(actual.filter((path) => !expected.includes(path)));
  if (difference.length > 0) throw new Failure(`${copy} does not have the same files as ${original}: ${difference.join(", ")}`);
  for (const path of expected) await compareFile(join(original, path), join(copy, path));
  return expected.length;
}

function filesBelow(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

async function sha256(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
