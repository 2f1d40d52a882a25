import { AssertionError } from "@piecewise/base";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pieceBytesOf, pieceCountOf, pieceHashOf } from "./geometry.js";
import { CONTENT_BYTES_MAX, PIECES_MAX, PIECE_LENGTH_MAX } from "./piece-length.js";

describe("geometry", () => {
  test.each([
    [0, 16, []],
    [1, 16, [1]],
    [16, 16, [16]],
    [17, 16, [16, 1]],
    [32, 16, [16, 16]],
    [3, 1, [1, 1, 1]],
  ])("%i bytes in pieces of %i", (totalBytes, pieceLength, pieces) => {
    const geometry = { totalBytes, pieceLength };
    expect(pieceCountOf(geometry)).toBe(pieces.length);
    expect(pieces.map((_, piece) => pieceBytesOf(geometry, piece))).toEqual(pieces);
  });

  test("the largest content is counted exactly", () => {
    expect(pieceCountOf({ totalBytes: CONTENT_BYTES_MAX, pieceLength: PIECE_LENGTH_MAX })).toBe(PIECES_MAX);
    expect(pieceCountOf({ totalBytes: CONTENT_BYTES_MAX - PIECE_LENGTH_MAX + 1, pieceLength: PIECE_LENGTH_MAX })).toBe(PIECES_MAX);
    expect(pieceBytesOf({ totalBytes: CONTENT_BYTES_MAX - PIECE_LENGTH_MAX + 1, pieceLength: PIECE_LENGTH_MAX }, PIECES_MAX - 1)).toBe(1);
  });

  test("the pieces are never empty and add up", () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.integer({ min: 1, max: 300 }), (totalBytes, pieceLength) => {
        const geometry = { totalBytes, pieceLength };
        const lengths = Array.from({ length: pieceCountOf(geometry) }, (_, piece) => pieceBytesOf(geometry, piece));
        expect(lengths.reduce((sum, bytes) => sum + bytes, 0)).toBe(totalBytes);
        expect(lengths.every((bytes) => bytes > 0)).toBe(true);
      }),
    );
  });

  test("the hash of a piece is a view", () => {
    const pieceHashes = Uint8Array.from({ length: 96 }, (_, i) => i);
    const manifest = { totalBytes: 3, pieceLength: 1, entries: [], pieceHashes };
    const hash = pieceHashOf(manifest, 1);
    expect(hash).toEqual(pieceHashes.slice(32, 64));
    expect(hash.buffer).toBe(pieceHashes.buffer);
  });

  test.each([-1, 2, 0.5, Number.NaN])("piece %d of two is a bug", (piece) => {
    const manifest = { totalBytes: 2, pieceLength: 1, entries: [], pieceHashes: new Uint8Array(64) };
    expect(() => pieceBytesOf(manifest, piece)).toThrow(AssertionError);
    expect(() => pieceHashOf(manifest, piece)).toThrow(AssertionError);
  });
});
