import { assert } from "@piecewise/base";
import { pieceBytesOf } from "./geometry.js";
import type { Manifest } from "./manifest.js";

/** A run of bytes inside one file. */
export interface FileSpan {
  /** Index into `manifest.entries`. */
  readonly entryIndex: number;
  /** Where in the file it begins. */
  readonly fileOffset: number;
  /** At least 1. */
  readonly bytes: number;
}

/** Tells in which files the bytes of a piece lie. */
export interface FileMap {
  /** The files under `length` bytes of a piece from `offset` inside it, in order. A range beyond the piece is a bug of the caller. */
  spans(piece: number, offset: number, length: number): FileSpan[];
}

/** Creates the map of a legal manifest; a lookup takes time logarithmic in the number of files. */
export function createFileMap(manifest: Manifest): FileMap {
  // Only files that have bytes: nothing lies in the others, and without them starts ascend strictly.
  const entryIndices: number[] = [];
  const starts: number[] = [];
  let end = 0;
  for (const [entryIndex, { bytes }] of manifest.entries.entries()) {
    if (bytes === 0) continue;
    entryIndices.push(entryIndex);
    starts.push(end);
    end += bytes;
  }

  return {
    spans(piece, offset, length) {
      const pieceBytes = pieceBytesOf(manifest, piece);
      assert(offset >= 0 && length >= 0 && offset + length <= pieceBytes, `bytes ${offset} to ${offset + length} of a piece of ${pieceBytes}`);
      const spans: FileSpan[] = [];
      let position = piece * manifest.pieceLength + offset;
      const rangeEnd = position + length;
      for (let file = lastAtOrBelow(starts, position); position < rangeEnd; file += 1) {
        const fileEnd = starts[file + 1] ?? end;
        const bytes = Math.min(fileEnd, rangeEnd) - position;
        spans.push({ entryIndex: entryIndices[file]!, fileOffset: position - starts[file]!, bytes });
        position += bytes;
      }
      return spans;
    },
  };
}

/** The index of the last of the ascending `starts` that is at most `position`; the first is 0. */
function lastAtOrBelow(starts: readonly number[], position: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= position) low = middle;
    else high = middle;
  }
  return low;
}
