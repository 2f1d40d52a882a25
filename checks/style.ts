import { isShippedFile, type SourceFile } from "./workspace.js";

export const FILE_LINES_MAX = 350;

const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const NAMELESS = /(^|-)(utils?|commons?|helpers?|managers?|types|misc)$/;
// The brackets keep this file from finding itself.
const UNFINISHED = /\b(TO[D]O|FIX[M]E|X[X]X)\b/;
const SILENCED = /@ts-i[g]nore|@ts-expect-e[r]ror|@ts-no[c]heck|eslint-d[i]sable|oxlint-d[i]sable/;

/** Everything in which a file does not look like the rest, one line each. */
export function styleViolations(file: SourceFile): string[] {
  const { path, text } = file;
  // The proto folders are named by package and version.
  const parts = path.replace(/(\.(test|property|fuzz|bench|e2e|config|d))*\.\w+$/, "").split("/");
  const lines = text.trimEnd().split("\n").length;
  return [
    ...parts.filter((part) => !KEBAB_CASE.test(part.replaceAll("_", path.endsWith(".proto") ? "-" : "_"))).map((part) => `"${part}" is not kebab-case`),
    ...parts.filter((part) => NAMELESS.test(part)).map((part) => `"${part}" does not say what is in it`),
    ...(UNFINISHED.test(text) ? ["says that something is left to do"] : []),
    ...(SILENCED.test(text) ? ["silences the compiler or the linter"] : []),
    ...(isShippedFile(file) && lines > FILE_LINES_MAX ? [`has ${lines} lines, more than ${FILE_LINES_MAX}`] : []),
  ].map((what) => `${path}: ${what}`);
}
