import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PieceChanges } from "./piece-changes.js";

const PIECES = 6;

test("those that changed since, each once, the latest first", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(PIECES - 1)), fc.nat(40), (pieces, version) => {
      const changes = new PieceChanges(PIECES);
      for (const piece of pieces) changes.changed(piece);
      expect(changes.version).toBe(pieces.length);
      expect([...changes.since(version)]).toEqual([...new Set(pieces.slice(version).toReversed())]);
      for (let piece = 0; piece < PIECES; piece += 1) expect(changes.versionOf(piece)).toBe(pieces.lastIndexOf(piece) + 1);
    }),
  );
});
