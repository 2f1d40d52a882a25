import { formatBytes } from "@piecewise/base";
import type { Manifest, ManifestEntry } from "@piecewise/manifest";
import type { JsonEvent } from "./json-events.js";
import { formatPieceRange } from "./piece-ranges.js";
import { formatTable } from "./table.js";

/** Lines that show what a content consists of, and in which pieces each file lies. A single file goes by the name of the content. */
export function formatEntryTable({ entries, pieceLength }: Manifest, name = "(a single file)"): string[] {
  let start = 0;
  const rows = entries.map(({ path, kind, bytes }) => {
    const end = start + bytes;
    const pieces = bytes === 0 ? "-" : formatPieceRange({ first: Math.floor(start / pieceLength), last: Math.floor((end - 1) / pieceLength) });
    start = end;
    return [kind === "file" ? formatBytes(bytes) : "-", pieces, kind === "file" ? path || name : `${path}/`];
  });
  return formatTable([["SIZE", "PIECES", "PATH"], ...rows]);
}

export const entryEvent = ({ path, kind, bytes, executable }: ManifestEntry): JsonEvent => ({ event: "entry", path, kind, bytes, executable });
