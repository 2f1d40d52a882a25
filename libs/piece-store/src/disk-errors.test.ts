import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { placeStore } from "./store-place.js";
import { type DiskFault, FaultyDisk } from "./testing/faulty-disk.js";
import { appendAll, codeOf, createTestContent, fillPiece, readPiece } from "./testing/index.js";
import { memoryPlace, useTemporaryFolders } from "./testing/temporary-folder.js";

const ORDERS = join(tmpdir(), `piecewise-disk-errors-${process.pid}`);
FaultyDisk.install(ORDERS);
// What the store calls has to be replaced before the store is loaded.
const { openFileStore } = await import("./file-store.js");
const { startHasher } = await import("./hasher.js");
type Store = Awaited<ReturnType<typeof openFileStore>>;

const CONTENT = createTestContent([{ path: "", bytes: 10_500 }], 1000);
const TREE = createTestContent([{ path: "a/one", bytes: 1300 }, { path: "a/two", bytes: 2000 }, { path: "empty" }], 1000);
/** With an error that says what failed, why, and what to do. */
const FAILED = /^cannot (read|write) ".+": .*(EIO; check the disk|is full; make room), then run the same again$/;

const createFolder = useTemporaryFolders(memoryPlace());
let folder: string;
let disk: FaultyDisk;

// One thread for all tests: to start one takes longer than they do.
let hasher: AsyncDisposable;
beforeAll(() => {
  hasher = startHasher();
});
afterAll(() => hasher[Symbol.asyncDispose]());
beforeEach(async () => {
  folder = await createFolder();
  disk = new FaultyDisk(folder, ORDERS);
});
afterEach(() => disk[Symbol.dispose]());

const open = (content = CONTENT): Promise<Store> => openFileStore({ ...content, outputPath: join(folder, "output") });

async function fillMissing(store: Store, content = CONTENT): Promise<number> {
  let filled = 0;
  for (let piece = 0; piece < content.pieceCount; piece += 1) {
    if (store.held.has(piece)) continue;
    await fillPiece(store, content, piece);
    filled += 1;
  }
  return filled;
}

async function messageOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (error as Error).message,
  );
}

/** A new process finds so many pieces, gets the rest, and finishes. */
async function expectResumed(pieces: number, content = CONTENT): Promise<void> {
  disk.set([]);
  await using store = await open(content);
  expect(store.held.count).toBe(pieces);
  await fillMissing(store, content);
  await store.finish();
  const files = content.manifest.entries.filter(({ kind }) => kind === "file");
  for (const { path } of files) expect(await readFile(join(folder, "output", path))).toEqual(Buffer.from(content.fileBytes(path)));
  expect(await readdir(folder)).toEqual(["output"]);
}

describe("while pieces come in", () => {
  test.each<[string, DiskFault, string]>([
    ["EIO when a piece is written", { call: "write", path: "content", code: "EIO" }, "STORAGE_FAILED"],
    ["a full disk in the middle of a piece", { call: "write", path: "content", code: "ENOSPC", skip: 7 }, "DISK_FULL"],
    ["EIO when the journal is written", { call: "write", path: "journal", code: "EIO" }, "STORAGE_FAILED"],
    ["a full disk when the journal is written", { call: "write", path: "journal", code: "ENOSPC" }, "DISK_FULL"],
  ])("%s is said, and what was stored is there afterwards", async (_, fault, code) => {
    {
      await using store = await open();
      for (const piece of [0, 4, 9]) await fillPiece(store, CONTENT, piece);
      disk.set([fault]);
      await appendAll(store, 5, 0, CONTENT.pieceBytes(5));
      const failed = store.verify(5, 0);
      expect([await codeOf(failed), await messageOf(failed)]).toEqual([code, expect.stringMatching(FAILED)]);
      expect([...store.held.indices()]).toEqual([0, 4, 9]);
      expect(await readPiece(store, CONTENT, 4)).toEqual(CONTENT.pieceBytes(4));
    }
    await expectResumed(3);
  });

  test("a copy from memory that cannot be written is not stored", async () => {
    {
      await using store = await open();
      await fillPiece(store, CONTENT, 0);
      await appendAll(store, 1, 1, CONTENT.pieceBytes(1));
      expect(await store.verify(1, 1)).toEqual({ ok: true, blamed: [] });
      disk.set([{ call: "write", path: "content", code: "EIO" }]);
      expect(await codeOf(store.store(1, 1))).toBe("STORAGE_FAILED");
      disk.set([]);
      expect([...store.held.indices()]).toEqual([0]);
      expect(await fillMissing(store)).toBe(10);
      expect(await codeOf(store.finish())).toBe("none");
    }
    await expectResumed(11);
  });

  test("writes that the disk takes only in parts go on", async () => {
    disk.set([{ call: "write", bytes: 3 }]);
    {
      await using store = await open();
      for (const piece of [0, 1, 2]) await fillPiece(store, CONTENT, piece, piece % 2);
    }
    await expectResumed(3);
  });
});

describe("when a download is run again", () => {
  test.each<[string, DiskFault]>([
    ["the journal cannot be read", { call: "read", path: "journal", code: "EIO" }],
    ["what is stored cannot be read", { call: "read", path: "content", code: "EIO" }],
    ["the new journal cannot be written", { call: "write", path: "journal.new", code: "EIO" }],
    ["the new journal cannot be synced", { call: "fdatasync", path: "journal.new", code: "EIO" }],
    ["the lock cannot be linked", { call: "link", path: "lock", code: "EIO" }],
  ])("and %s, that is said, and all is there afterwards", async (_, fault) => {
    {
      await using store = await open();
      for (const piece of [0, 1, 2]) await fillPiece(store, CONTENT, piece);
    }
    disk.set([fault]);
    const failed = open();
    expect([await codeOf(failed), await messageOf(failed)]).toEqual(["STORAGE_FAILED", expect.stringMatching(FAILED)]);
    await expectResumed(3);
  });
});

describe("when it is finished", () => {
  test.each<[string, DiskFault]>([
    ["cannot be synced", { call: "fdatasync", path: "content", code: "EIO" }],
    ["can be synced only once", { call: "fdatasync", path: "content", code: "EIO", skip: 1 }],
    ["cannot get its name", { call: "rename", path: "output", code: "EIO" }],
    ["has names that cannot be synced", { call: "fsync", path: "content/a", code: "EIO" }],
  ])("and a tree %s, that is said, and all is there afterwards", async (_, fault) => {
    {
      await using store = await open(TREE);
      await fillMissing(store, TREE);
      disk.set([fault]);
      const failed = store.finish();
      expect([await codeOf(failed), await messageOf(failed)]).toEqual(["STORAGE_FAILED", expect.stringMatching(FAILED)]);
      expect(await readPiece(store, TREE, 1)).toEqual(TREE.pieceBytes(1));
      expect(await stat(join(folder, "output")).catch(() => undefined)).toBeUndefined();
    }
    await expectResumed(TREE.pieceCount, TREE);
  });

  test("and a file cannot get its name, the next attempt does it", async () => {
    await using store = await open();
    await fillMissing(store);
    disk.set([{ call: "link", path: "output", code: "EIO", times: 1 }]);
    expect(await codeOf(store.finish())).toBe("STORAGE_FAILED");
    expect(await codeOf(store.finish())).toBe("none");
    expect(await readdir(folder)).toEqual(["output"]);
  });

  // The system may have forgotten what it could not write, and takes it for written.
  test.each(["the same process", "another process"])("after a sync that failed %s writes every byte again before the next sync", async (who) => {
    let store = await open(TREE);
    await fillMissing(store, TREE);
    disk.set([{ call: "fdatasync", path: "content", code: "EIO" }]);
    expect(await codeOf(store.finish())).toBe("STORAGE_FAILED");
    disk.set([]);
    if (who === "another process") {
      await store[Symbol.asyncDispose]();
      store = await open(TREE);
    }
    const before = disk.calls().length;
    await store.finish();
    await store[Symbol.asyncDispose]();
    const calls = disk.calls().slice(before);
    const synced = calls.findIndex(({ call }) => call === "fdatasync");
    const written = calls.slice(0, synced).map((call) => (call.call === "write" ? Buffer.from(call.data, "base64").length : 0));
    expect(written.reduce((sum, bytes) => sum + bytes)).toBe(TREE.manifest.totalBytes);
    expect(await readdir(folder)).toEqual(["output"]);
  });

  test("what is read back wrong after a sync that failed counts no longer", async () => {
    await using store = await open();
    await fillMissing(store);
    disk.set([{ call: "fdatasync", path: "content", code: "EIO" }]);
    expect(await codeOf(store.finish())).toBe("STORAGE_FAILED");
    disk.set([]);
    await writeFile(placeStore(join(folder, "output"), CONTENT.contentId).data, Buffer.alloc(CONTENT.manifest.totalBytes));
    expect(await codeOf(store.finish())).toBe("PIECE_DAMAGED");
    expect(store.held.count).toBe(0);
    expect(await fillMissing(store)).toBe(CONTENT.pieceCount);
    await store.finish();
    expect(await readFile(join(folder, "output"))).toEqual(Buffer.from(CONTENT.fileBytes("")));
  });

  test("and its name cannot be synced, nobody says that it is finished until it is", async () => {
    {
      await using store = await open();
      await fillMissing(store);
      disk.set([{ call: "fsync", code: "EIO" }]);
      expect(await codeOf(store.finish())).toBe("STORAGE_FAILED");
      expect(await codeOf(store.finish())).toBe("STORAGE_FAILED");
      expect(await readPiece(store, CONTENT, 3)).toEqual(CONTENT.pieceBytes(3));
    }
    expect(await codeOf(open())).toBe("STORAGE_FAILED");
    await expectResumed(CONTENT.pieceCount);
    const last = disk.calls().slice(-8).map(({ call }) => call);
    expect(last.indexOf("fsync")).toBeLessThan(last.indexOf("rm"));
  });
});

describe("while it is served", () => {
  test("what cannot be read is no longer held, all else is, and nothing is lost", async () => {
    {
      await using store = await open();
      for (const piece of [0, 1]) await fillPiece(store, CONTENT, piece);
      disk.set([{ call: "read", path: "content", code: "EIO", times: 1 }]);
      expect(await codeOf(readPiece(store, CONTENT, 0))).toBe("STORAGE_FAILED");
      expect([...store.held.indices()]).toEqual([1]);
      expect(await readPiece(store, CONTENT, 1)).toEqual(CONTENT.pieceBytes(1));
      disk.set([{ call: "read", path: "content", code: "EIO" }]);
      expect(await codeOf(readPiece(store, CONTENT, 1))).toBe("STORAGE_FAILED");
      expect(store.held.count).toBe(0);
    }
    await expectResumed(2);
  });

  test("too many open files do not cost a piece", async () => {
    await using store = await open();
    await fillPiece(store, CONTENT, 0);
    await fillPiece(store, CONTENT, 1);
    disk.set([{ call: "open", path: "content", code: "EMFILE" }]);
    expect(await codeOf(readPiece(store, CONTENT, 0))).toBe("TOO_MANY_OPEN_FILES");
    disk.set([]);
    expect(await readPiece(store, CONTENT, 0)).toEqual(CONTENT.pieceBytes(0));
  });
});
