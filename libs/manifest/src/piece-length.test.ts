import { readFileSync } from "node:fs";
import { UsageError } from "@piecewise/base";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CONTENT_BYTES_MAX, PIECES_MAX, PIECE_LENGTH_MAX, checkPieceLength, defaultPieceLength } from "./piece-length.js";

const { vectors } = JSON.parse(
  readFileSync(new URL("../../../proto/testdata/default-piece-length-vectors.json", import.meta.url), "utf8"),
) as { readonly vectors: readonly { readonly totalBytes: number; readonly pieceLength: number }[] };

describe("defaultPieceLength", () => {
  test.each(vectors)("$totalBytes bytes: $pieceLength", ({ totalBytes, pieceLength }) => {
    expect(defaultPieceLength(totalBytes)).toBe(pieceLength);
  });

  test("is always legal", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: CONTENT_BYTES_MAX }), (totalBytes) => {
        expect(() => checkPieceLength(totalBytes, defaultPieceLength(totalBytes))).not.toThrow();
      }),
    );
  });
});

describe("checkPieceLength", () => {
  test.each([
    [0, 1],
    [0, PIECE_LENGTH_MAX],
    [PIECES_MAX, 1],
    [CONTENT_BYTES_MAX, PIECE_LENGTH_MAX],
  ])("%i bytes in pieces of %i", (totalBytes, pieceLength) => {
    expect(() => checkPieceLength(totalBytes, pieceLength)).not.toThrow();
  });

  test.each([
    [10, 0, "a piece length of 0 is not a whole number of bytes of at least 1: use 1 to 67108864 bytes, or leave it out for 262144"],
    [10, -5, "a piece length of -5 is not a whole number of bytes of at least 1: use 1 to 67108864 bytes, or leave it out for 262144"],
    [10, 1.5, "a piece length of 1.5 is not a whole number of bytes of at least 1: use 1 to 67108864 bytes, or leave it out for 262144"],
    [10, Number.NaN, "a piece length of NaN is not a whole number of bytes of at least 1: use 1 to 67108864 bytes, or leave it out for 262144"],
    [10, 67_108_865, "a piece length of 67108865 bytes is more than 64 MiB (67108864): use 1 to 67108864 bytes, or leave it out for 262144"],
    [
      2 ** 20 + 1,
      1,
      "1048577 bytes in pieces of 1 are 1048577 pieces, more than 1048576: use 2 to 67108864 bytes, or leave it out for 262144",
    ],
    [
      CONTENT_BYTES_MAX + 1,
      PIECE_LENGTH_MAX,
      "70368744177665 bytes in pieces of 67108864 are 1048577 pieces, more than 1048576: " +
        "a content has at most 70368744177664 bytes, share it in parts",
    ],
  ])("refuses %d bytes in pieces of %d, with the way out", (totalBytes, pieceLength, message) => {
    expect(() => checkPieceLength(totalBytes, pieceLength)).toThrow(new UsageError("PIECE_LENGTH_INVALID", message));
  });

  test("the smallest length that it names is legal, and the one below is not", () => {
    fc.assert(
      fc.property(fc.integer({ min: PIECES_MAX + 1, max: CONTENT_BYTES_MAX }), (totalBytes) => {
        const smallest = Math.ceil(totalBytes / PIECES_MAX);
        expect(() => checkPieceLength(totalBytes, smallest)).not.toThrow();
        expect(() => checkPieceLength(totalBytes, smallest - 1)).toThrow(`use ${smallest} to`);
      }),
    );
  });
});
