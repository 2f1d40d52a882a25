import { expect, test } from "vitest";
import type { FileStamp } from "./file-stamp.js";
import { HASH_AGE_MAX_MS, PieceTrust } from "./piece-trust.js";

const STAMP: FileStamp = { device: 1n, inode: 2n, size: 3n, modifiedNs: 4n, changedNs: 5n };
const FIRST = [{ entryIndex: 0 }];
const BOTH = [{ entryIndex: 0 }, { entryIndex: 1 }];

test("a piece is trusted once it is hashed, for an hour", () => {
  const trust = new PieceTrust({ entries: 1, pieces: 1 }, false);
  expect(trust.isTrusted(0, FIRST, 0)).toBe(false);
  trust.pieceHashed(0, trust.generation, 100);
  expect(trust.isTrusted(0, FIRST, 100 + HASH_AGE_MAX_MS)).toBe(true);
  expect(trust.isTrusted(0, FIRST, 101 + HASH_AGE_MAX_MS)).toBe(false);
});

test.each(["device", "inode", "size", "modifiedNs", "changedNs"] as const)("a change of %s ends the trust in the pieces of the file", (field) => {
  const trust = new PieceTrust({ entries: 2, pieces: 2 }, false);
  expect([trust.look(0, STAMP), trust.look(1, STAMP)]).toEqual([true, true]);
  for (const piece of [0, 1]) trust.pieceHashed(piece, trust.generation, 0);
  expect([trust.look(0, STAMP), trust.look(1, { ...STAMP, [field]: 9n })]).toEqual([true, false]);
  expect([trust.isTrusted(0, FIRST, 0), trust.isTrusted(1, BOTH, 0)]).toEqual([true, false]);
});

test("a hash that began before a change was seen does not count", () => {
  const trust = new PieceTrust({ entries: 1, pieces: 1 }, false);
  trust.look(0, STAMP);
  const { generation } = trust;
  trust.look(0, { ...STAMP, size: 9n });
  trust.pieceHashed(0, generation, 0);
  expect(trust.isTrusted(0, FIRST, 0)).toBe(false);
  trust.pieceHashed(0, trust.generation, 0);
  expect(trust.isTrusted(0, FIRST, 0)).toBe(true);
});

test("times mean nothing while we write ourselves, and everything afterwards", () => {
  const trust = new PieceTrust({ entries: 1, pieces: 1 }, true);
  trust.look(0, STAMP);
  trust.pieceHashed(0, trust.generation, 0);
  expect(trust.look(0, { ...STAMP, modifiedNs: 9n, changedNs: 9n })).toBe(true);
  trust.filesCompleted();
  expect(trust.look(0, { ...STAMP, changedNs: 10n })).toBe(true);
  expect(trust.look(0, { ...STAMP, changedNs: 11n })).toBe(false);
  expect(trust.isTrusted(0, FIRST, 0)).toBe(false);
});
