import { AssertionError } from "@piecewise/base";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFileMap } from "./file-map.js";
import { pieceBytesOf, pieceCountOf } from "./geometry.js";
import type { Manifest } from "./manifest.js";

/** A manifest of files of these sizes; the map reads neither paths nor hashes. */
const manifestOf = (sizes: readonly number[], pieceLength: number): Manifest => ({
  totalBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
  pieceLength,
  entries: sizes.map((bytes, i) => ({ path: `${i}`, kind: "file", bytes, executable: false })),
  pieceHashes: new Uint8Array(0),
});

describe("createFileMap", () => {
  // Files:  0: 0-4   1: empty   2: 4-5   3: 5-20   4: empty        pieces of 8: 0-8, 8-16, 16-20
  const map = createFileMap(manifestOf([4, 0, 1, 15, 0], 8));

  test.each([
    ["a whole piece across files", 0, 0, 8, [[0, 0, 4], [2, 0, 1], [3, 0, 3]]],
    ["a piece in the middle of a file", 1, 0, 8, [[3, 3, 8]]],
    ["the short last piece", 2, 0, 4, [[3, 11, 4]]],
    ["a range inside one file", 0, 1, 2, [[0, 1, 2]]],
    ["a range that begins where a file begins", 0, 4, 1, [[2, 0, 1]]],
    ["a range that ends where a file ends", 0, 3, 2, [[0, 3, 1], [2, 0, 1]]],
    ["one byte", 2, 3, 1, [[3, 14, 1]]],
    ["nothing", 0, 2, 0, []],
    ["nothing at the end", 2, 4, 0, []],
  ])("%s", (_, piece, offset, length, spans) => {
    expect(map.spans(piece, offset, length)).toEqual(spans.map(([entryIndex, fileOffset, bytes]) => ({ entryIndex, fileOffset, bytes })));
  });

  test.each([
    [0, 0, 9],
    [2, 0, 5],
    [0, -1, 2],
    [0, 2, -1],
    [3, 0, 0],
  ])("bytes beyond piece %i (from %i, %i bytes) are a bug", (piece, offset, length) => {
    expect(() => map.spans(piece, offset, length)).toThrow(AssertionError);
  });

  test("files of many TiB", () => {
    const tebibyte = 2 ** 40;
    const large = createFileMap(manifestOf([63 * tebibyte, tebibyte], 2 ** 26));
    expect(large.spans(63 * 2 ** 14, 0, 1)).toEqual([{ entryIndex: 1, fileOffset: 0, bytes: 1 }]);
    expect(large.spans(63 * 2 ** 14 - 1, 2 ** 26 - 1, 1)).toEqual([{ entryIndex: 0, fileOffset: 63 * tebibyte - 1, bytes: 1 }]);
  });

  test("finds the same bytes as the files laid end to end", () => {
    const content = fc.record({ sizes: fc.array(fc.nat(30), { maxLength: 30 }), pieceLength: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(content, fc.nat(), fc.nat(), fc.nat(), ({ sizes, pieceLength }, a, b, c) => {
        const manifest = manifestOf(sizes, pieceLength);
        fc.pre(manifest.totalBytes > 0);
        const piece = a % pieceCountOf(manifest);
        const offset = b % pieceBytesOf(manifest, piece);
        const length = c % (pieceBytesOf(manifest, piece) - offset + 1);

        const laidOut = sizes.flatMap((bytes, file) => Array.from({ length: bytes }, (_, at) => `${file}:${at}`));
        const found = createFileMap(manifest)
          .spans(piece, offset, length)
          .flatMap(({ entryIndex, fileOffset, bytes }) => Array.from({ length: bytes }, (_, i) => `${entryIndex}:${fileOffset + i}`));
        const start = piece * pieceLength + offset;
        expect(found).toEqual(laidOut.slice(start, start + length));
      }),
    );
  });
});
