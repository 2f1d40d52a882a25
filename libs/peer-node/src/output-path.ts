import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { ContentId } from "@piecewise/base";
import { checkContentName, checkEntryPath } from "@piecewise/manifest";

/** A name that a file here can have: the content's own if it is harmless, else the hex digits of its id. */
export const fileNameFor = (name: string | undefined, contentId: ContentId): string =>
  name !== undefined && checkContentName(name) === undefined && checkEntryPath(name) === undefined ? name : contentId.slice("sha256:".length);

/** The final path: the output itself, or inside it if it is a directory or written as one. Absolute. */
export async function resolveOutput(output: string | undefined, fileName: string): Promise<string> {
  if (output === undefined) return resolve(fileName);
  const isDirectory = output.endsWith("/") || (await stat(output).catch(() => undefined))?.isDirectory() === true;
  return isDirectory ? join(resolve(output), fileName) : resolve(output);
}

/** The name under which a path is shared unless another is given. */
export const nameOfPath = (path: string): string => basename(resolve(path));
