import { PiecewiseError } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import type { CopyRef, PieceSource, PieceStore, SourceRef } from "../piece-store.js";
import { createTestContent, type TestContent } from "./test-content.js";

/** A store under test, and how it is thrown away. */
export interface OpenedStore {
  readonly store: PieceStore;
  /** Changes a byte of a held piece behind the store's back. */
  damage(piece: number): Promise<void>;
}

const SINGLE = (bytes: number, pieceLength: number): TestContent => createTestContent([{ path: "", bytes }], pieceLength);
const TREE = createTestContent(
  [
    { path: "a/empty" },
    { path: "a/one", bytes: 1 },
    { path: "b", bytes: 0 },
    { path: "c", bytes: 2500 },
    { path: "d/e/f", bytes: 10 },
    { path: "d/g", bytes: 700, executable: true },
    { path: "h \u{1f600}", bytes: 333 },
  ],
  1000,
);

/** Appends bytes in chunks, each from the source that `sourceAt` names for its offset. */
export async function appendAll(
  store: PieceStore,
  piece: number,
  copy: CopyRef,
  bytes: Uint8Array,
  sourceAt: (offset: number) => SourceRef = () => 1,
  chunkBytes = 64,
): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength; offset += chunkBytes) {
    await store.append(piece, copy, sourceAt(offset), bytes.slice(offset, offset + chunkBytes));
  }
}

/** Appends, verifies and stores a piece. */
export async function fillPiece(store: PieceStore, content: TestContent, piece: number, copy: CopyRef = 0): Promise<void> {
  await appendAll(store, piece, copy, content.pieceBytes(piece));
  expect(await store.verify(piece, copy)).toEqual({ ok: true, blamed: [] });
  await store.store(piece, copy);
}

export async function readPiece(source: PieceSource, content: TestContent, piece: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(content.pieceBytes(piece).byteLength);
  await source.prepare(piece);
  await source.read(piece, 0, bytes);
  return bytes;
}

/** The code with which a promise is rejected. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PiecewiseError) return error.code;
    throw error;
  }
  return "none";
}

const withWrongByte = (bytes: Uint8Array, at: number): Uint8Array => {
  const wrong = bytes.slice();
  wrong[at]! ^= 1;
  return wrong;
};

/** What every store has to do. `open` opens an empty store; the suite closes it, `open` removes what it leaves behind. */
export function describePieceStore(name: string, open: (content: TestContent) => Promise<OpenedStore>): void {
  describe(`contract of the ${name}`, () => {
    describe.each([
      ["a file of several pieces", SINGLE(3500, 1000)],
      ["a file of exactly two pieces", SINGLE(2000, 1000)],
      ["one byte", SINGLE(1, 1000)],
      ["no bytes", SINGLE(0, 1000)],
      ["pieces of one byte", SINGLE(5, 1)],
      ["a tree with pieces across files", TREE],
      ["an empty directory", createTestContent([], 1000)],
    ])("%s", (_, content) => {
      test("is filled, served and finished", async () => {
        await using store = (await open(content)).store;
        expect(store.held.count).toBe(0);
        for (let piece = content.pieceCount - 1; piece >= 0; piece -= 1) {
          await fillPiece(store, content, piece, piece % 3);
          expect(await readPiece(store, content, piece)).toEqual(content.pieceBytes(piece));
        }
        expect(store.held.isFull).toBe(true);
        const path = await store.finish();
        expect(await store.finish()).toBe(path);
        for (let piece = 0; piece < content.pieceCount; piece += 1) {
          expect(await readPiece(store, content, piece)).toEqual(content.pieceBytes(piece));
          expect(await store.recheck(piece)).toBe(true);
        }
      });
    });

    test("every range of a piece can be read, across files", async () => {
      await using store = (await open(TREE)).store;
      await fillPiece(store, TREE, 2);
      await store.prepare(2);
      const piece = TREE.pieceBytes(2);
      for (const [offset, length] of [
        [0, 1],
        [499, 5],
        [500, 12],
        [999, 1],
        [1, 998],
        [1000, 0],
      ] as const) {
        const into = new Uint8Array(length);
        await store.read(2, offset, into);
        expect(into).toEqual(piece.slice(offset, offset + length));
      }
    });

    test("a piece counts only when it is stored", async () => {
      const content = SINGLE(3500, 1000);
      await using store = (await open(content)).store;
      await appendAll(store, 1, 0, content.pieceBytes(1));
      expect(await store.verify(1, 0)).toEqual({ ok: true, blamed: [] });
      expect(store.held.has(1)).toBe(false);
      expect(await codeOf(store.prepare(1))).toBe("PIECE_DAMAGED");
      expect(await codeOf(store.read(1, 0, new Uint8Array(1)))).toBe("PIECE_DAMAGED");
      await store.store(1, 0);
      expect([...store.held.indices()]).toEqual([1]);
    });

    test("a rejected copy is gone, and the next one begins anew", async () => {
      const content = SINGLE(3500, 1000);
      await using store = (await open(content)).store;
      for (const copy of [0, 7]) {
        await appendAll(store, 0, copy, withWrongByte(content.pieceBytes(0), 999));
        expect(await store.verify(0, copy)).toEqual({ ok: false });
      }
      await fillPiece(store, content, 0);
      expect(await readPiece(store, content, 0)).toEqual(content.pieceBytes(0));
    });

    test("a discarded copy begins anew; discarding what is unknown does nothing", async () => {
      const content = SINGLE(3500, 1000);
      await using store = (await open(content)).store;
      await appendAll(store, 0, 0, content.pieceBytes(0).slice(0, 300));
      await appendAll(store, 0, 4, content.pieceBytes(0).slice(0, 300));
      store.discard(0, 0);
      store.discard(0, 4);
      store.discard(0, 4);
      store.discard(3, 9);
      await fillPiece(store, content, 0, 4);
      expect(await readPiece(store, content, 0)).toEqual(content.pieceBytes(0));
    });

    test("two copies of one piece do not touch each other, whichever is stored", async () => {
      const content = SINGLE(2000, 1000);
      for (const winner of [0, 3]) {
        await using store = (await open(content)).store;
        const loser = 3 - winner;
        await appendAll(store, 0, loser, withWrongByte(content.pieceBytes(0), 10).slice(0, 640));
        await appendAll(store, 0, winner, content.pieceBytes(0));
        expect(await store.verify(0, winner)).toEqual({ ok: true, blamed: [] });
        const storing = store.store(0, winner);
        await store.append(0, loser, 2, new Uint8Array(100));
        await storing;
        await store.append(0, loser, 2, new Uint8Array(1000));
        expect(await store.verify(0, loser)).toEqual({ ok: true, blamed: [] });
        await store.store(0, loser);
        store.discard(0, loser);
        expect(await readPiece(store, content, 0)).toEqual(content.pieceBytes(0));
      }
    });

    test.each([0, 5])("blames exactly those whose ranges of rejected copies differ (copy %i)", async (copy) => {
      const content = SINGLE(2000, 1000);
      await using store = (await open(content)).store;
      const good = content.pieceBytes(1);
      await appendAll(store, 1, copy, withWrongByte(withWrongByte(good, 260), 999), (offset) => 10 + Math.floor(offset / 250), 50);
      expect(await store.verify(1, copy)).toEqual({ ok: false });
      await appendAll(store, 1, copy, withWrongByte(good, 0), (offset) => (offset < 100 ? 20 : 21), 50);
      expect(await store.verify(1, copy)).toEqual({ ok: false });
      await appendAll(store, 1, copy, good, () => 30);
      const result = await store.verify(1, copy);
      expect(result.ok && result.blamed.toSorted((a, b) => a - b)).toEqual([11, 13, 20]);
      await store.store(1, copy);
      expect(await readPiece(store, content, 1)).toEqual(good);
    });

    test("a rejected copy of one source alone needs no blame later", async () => {
      const content = SINGLE(1000, 1000);
      await using store = (await open(content)).store;
      await appendAll(store, 0, 0, withWrongByte(content.pieceBytes(0), 5), () => 1);
      expect(await store.verify(0, 0)).toEqual({ ok: false });
      await appendAll(store, 0, 0, content.pieceBytes(0), () => 2);
      expect(await store.verify(0, 0)).toEqual({ ok: true, blamed: [] });
    });

    test("only the first 16 ranges of a copy are remembered", async () => {
      const content = SINGLE(1000, 1000);
      await using store = (await open(content)).store;
      const wrong = content.pieceBytes(0).map((byte) => byte ^ 1);
      await appendAll(store, 0, 0, wrong, (offset) => offset / 10, 10);
      expect(await store.verify(0, 0)).toEqual({ ok: false });
      await appendAll(store, 0, 0, content.pieceBytes(0));
      const result = await store.verify(0, 0);
      expect(result.ok && result.blamed).toEqual(Array.from({ length: 16 }, (_, index) => index));
    });

    test("recheck finds damage, and the piece is no longer held nor served, until it is fetched again", async () => {
      const content = SINGLE(3500, 1000);
      const { store, damage } = await open(content);
      await using _ = store;
      for (const piece of [0, 1]) await fillPiece(store, content, piece);
      await damage(1);
      expect(await store.recheck(0)).toBe(true);
      expect(await store.recheck(1)).toBe(false);
      expect(await store.recheck(1)).toBe(false);
      expect([...store.held.indices()]).toEqual([0]);
      expect(await codeOf(store.prepare(1))).toBe("PIECE_DAMAGED");
      expect(await codeOf(store.finish())).toBe("PIECE_DAMAGED");
      await fillPiece(store, content, 1);
      expect(await readPiece(store, content, 1)).toEqual(content.pieceBytes(1));
    });

    test("too many bytes for a piece, and a verification before its end, are bugs", async () => {
      const content = SINGLE(3500, 1000);
      await using store = (await open(content)).store;
      store.append(3, 0, 1, new Uint8Array(500));
      expect(() => store.append(3, 0, 1, new Uint8Array(1))).toThrow("piece 3");
      store.append(0, 0, 1, new Uint8Array(999));
      await expect(store.verify(0, 0)).rejects.toThrow("piece 0");
    });

    test("closing twice is fine, and ends everything", async () => {
      const content = SINGLE(3500, 1000);
      const { store } = await open(content);
      await fillPiece(store, content, 0);
      await appendAll(store, 1, 0, content.pieceBytes(1));
      await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
      store.discard(1, 0);
      expect(store.append(1, 0, 1, new Uint8Array(5))).toBeUndefined();
      for (const work of [store.verify(1, 0), store.store(1, 0), store.finish(), store.prepare(0), store.read(0, 0, new Uint8Array(1))]) {
        expect(await codeOf(work)).toBe("CANCELLED");
      }
    });
  });
}
