import { chmod, mkdir, open, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { openFileStore } from "./file-store.js";
import { placeStore } from "./store-place.js";
import { codeOf, createTestContent, describePieceStore, fillPiece, readPiece, type TestContent } from "./testing/index.js";
import { openDescriptorsIn } from "./testing/open-descriptors.js";
import { useTemporaryFolders } from "./testing/temporary-folder.js";

const createFolder = useTemporaryFolders();

/** Flips a byte in the middle of nowhere in particular. */
async function flipByte(path: string, at: number): Promise<void> {
  const file = await open(path, "r+");
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, at);
  await file.write(byte.map((value) => value ^ 1), 0, 1, at);
  await file.close();
}

async function fillAll(store: Awaited<ReturnType<typeof openFileStore>>, content: TestContent): Promise<void> {
  for (let piece = 0; piece < content.pieceCount; piece += 1) if (!store.held.has(piece)) await fillPiece(store, content, piece);
}

describePieceStore("file store", async (content) => {
  const outputPath = join(await createFolder(), "output");
  const store = await openFileStore({ ...content, outputPath });
  const { data } = placeStore(outputPath, content.contentId);
  return { store, damage: (piece) => flipByte(data, piece * content.manifest.pieceLength) };
});

const FILE = createTestContent([{ path: "", bytes: 10_500 }], 1000);
const TREE = createTestContent(
  [
    { path: ".dot/-dash", bytes: 1200 },
    { path: "bin/run", bytes: 300, executable: true },
    { path: "empty/inner" },
    { path: "nothing", bytes: 0 },
    { path: "\u{1f4e6} box/ná me", bytes: 2300 },
  ],
  512,
);

describe("finished output", () => {
  test("a file lies under its name, and nothing else is left", async () => {
    const folder = await createFolder();
    await using store = await openFileStore({ ...FILE, outputPath: join(folder, "\u{1f4e6} a b") });
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^\..*\.piecewise$/)]);
    await fillAll(store, FILE);
    expect(await store.finish()).toBe(join(folder, "\u{1f4e6} a b"));
    expect(await readdir(folder)).toEqual(["\u{1f4e6} a b"]);
    expect(new Uint8Array(await readFile(join(folder, "\u{1f4e6} a b")))).toEqual(FILE.fileBytes(""));
  });

  test("a tree has its empty files, empty directories and executable bits", async () => {
    const folder = await createFolder();
    const root = join(folder, "tree");
    await using store = await openFileStore({ ...TREE, outputPath: root });
    await fillAll(store, TREE);
    await store.finish();
    expect(await readdir(folder)).toEqual(["tree"]);
    for (const { path, kind, executable } of TREE.manifest.entries) {
      const found = await stat(join(root, path));
      expect(found.isDirectory()).toBe(kind === "directory");
      if (kind === "directory") continue;
      expect((found.mode & 0o100) !== 0).toBe(executable);
      expect(new Uint8Array(await readFile(join(root, path)))).toEqual(TREE.fileBytes(path));
    }
  });

  test("a name as long as the file system takes works", async () => {
    const folder = await createFolder();
    const name = "ü".repeat(127);
    await using store = await openFileStore({ ...FILE, outputPath: join(folder, name) });
    await fillAll(store, FILE);
    await store.finish();
    expect(await readdir(folder)).toEqual([name]);
  });

  test("a change of the finished file is noticed before its pieces are served", async () => {
    const outputPath = join(await createFolder(), "file");
    await using store = await openFileStore({ ...FILE, outputPath });
    await fillAll(store, FILE);
    await store.finish();
    await store.prepare(4);
    await flipByte(outputPath, 4100);
    // File systems count time in steps of milliseconds, which a test can be too fast for.
    await utimes(outputPath, 1, 1);
    expect(await codeOf(store.prepare(4))).toBe("PIECE_DAMAGED");
    expect(store.held.has(4)).toBe(false);
    await store.prepare(5);
    await rm(outputPath);
    expect(await codeOf(store.prepare(5))).toBe("PATH_NOT_FOUND");
  });

  test.each([
    ["file", FILE],
    ["tree", TREE],
  ])("a finished %s is verified and held when it is opened again", async (_, content) => {
    const outputPath = join(await createFolder(), "output");
    {
      await using store = await openFileStore({ ...content, outputPath });
      await fillAll(store, content);
      await store.finish();
    }
    const seen: number[] = [];
    await using again = await openFileStore({ ...content, outputPath, onProgress: ({ doneBytes }) => seen.push(doneBytes) });
    expect(again.held.isFull).toBe(true);
    expect(seen.at(-1)).toBe(content.manifest.totalBytes);
    expect(await again.finish()).toBe(outputPath);
    expect(await readPiece(again, content, 1)).toEqual(content.pieceBytes(1));
    expect(await readdir(dirname(outputPath))).toEqual(["output"]);
  });

  test.each([
    ["a file that differs", FILE, (path: string) => writeFile(path, FILE.fileBytes("").map((byte) => byte ^ 1))],
    ["a shorter file", FILE, (path: string) => writeFile(path, "x")],
    ["a directory for a file", FILE, (path: string) => mkdir(join(path, "full"), { recursive: true })],
    ["a symbolic link", FILE, (path: string) => symlink("/dev/null", path)],
    ["a file for a directory", TREE, (path: string) => writeFile(path, "x")],
    ["another directory", TREE, (path: string) => mkdir(join(path, "full"), { recursive: true })],
  ])("%s is refused, and replaced by force", async (_, content, create) => {
    const folder = await createFolder();
    const outputPath = join(folder, "output");
    await create(outputPath);
    expect(await codeOf(openFileStore({ ...content, outputPath }))).toBe("OUTPUT_EXISTS");
    expect(await readdir(folder)).toEqual(["output"]);
    await using store = await openFileStore({ ...content, outputPath, force: true });
    await fillAll(store, content);
    await store.finish();
    expect(await readdir(folder)).toEqual(["output"]);
    await using again = await openFileStore({ ...content, outputPath });
    expect(again.held.isFull).toBe(true);
  });

  test.each([
    ["file", FILE],
    ["tree", TREE],
  ])("what appears meanwhile in place of a %s is not overwritten, and the store goes on", async (_, content) => {
    const outputPath = join(await createFolder(), "output");
    await using store = await openFileStore({ ...content, outputPath });
    await fillAll(store, content);
    await writeFile(outputPath, "mine");
    expect(await codeOf(store.finish())).toBe("OUTPUT_EXISTS");
    expect(await readFile(outputPath, "utf8")).toBe("mine");
    expect(await readPiece(store, content, 0)).toEqual(content.pieceBytes(0));
    await rm(outputPath);
    await store.finish();
    expect(await readPiece(store, content, 0)).toEqual(content.pieceBytes(0));
  });
});

/** Stores some pieces and ends; gives the paths. */
async function interrupt(content: TestContent, pieces: readonly number[]): Promise<ReturnType<typeof placeStore>> {
  const outputPath = join(await createFolder(), "output");
  await using store = await openFileStore({ ...content, outputPath });
  for (const piece of pieces) await fillPiece(store, content, piece, piece % 2);
  return placeStore(outputPath, content.contentId);
}

async function heldAfter(content: TestContent, place: ReturnType<typeof placeStore>): Promise<number[]> {
  await using store = await openFileStore({ ...content, outputPath: place.output });
  for (const piece of store.held.indices()) expect(await readPiece(store, content, piece)).toEqual(content.pieceBytes(piece));
  return [...store.held.indices()];
}

describe("going on after an end", () => {
  test.each([
    ["file", FILE],
    ["tree", TREE],
  ])("a %s has what was stored, and only that is hashed", async (_, content) => {
    const place = await interrupt(content, [1, 3, 5]);
    const seen: number[] = [];
    await using store = await openFileStore({ ...content, outputPath: place.output, onProgress: ({ totalBytes }) => seen.push(totalBytes) });
    expect([...store.held.indices()]).toEqual([1, 3, 5]);
    expect(seen[0]).toBe(3 * content.manifest.pieceLength);
    await fillAll(store, content);
    await store.finish();
    await using again = await openFileStore({ ...content, outputPath: place.output });
    expect(again.held.isFull).toBe(true);
  });

  test("without a stored piece nothing is left", async () => {
    const place = await interrupt(FILE, []);
    expect(await readdir(place.parent)).toEqual([]);
  });

  test("a journal cut anywhere gives some of the pieces, never a wrong one", async () => {
    const place = await interrupt(FILE, [2, 9]);
    const journal = await readFile(place.journal);
    for (let length = 0; length <= journal.length; length += 5) {
      await writeFile(place.journal, journal.subarray(0, length));
      const held = await heldAfter(FILE, place);
      expect([[], [2], [2, 9]]).toContainEqual(held);
      // The folder is gone when nothing was held.
      if (held.length > 0) continue;
      await mkdir(place.folder);
      await writeFile(place.data, FILE.fileBytes(""));
    }
  });

  test("flipped bits in the journal or the data lose a piece, and never make one", async () => {
    const place = await interrupt(FILE, [2, 9]);
    const journal = await readFile(place.journal);
    for (let at = journal.length - 16; at < journal.length; at += 3) {
      await writeFile(place.journal, journal);
      await flipByte(place.journal, at);
      expect(await heldAfter(FILE, place)).toHaveLength(1);
    }
    await writeFile(place.journal, journal);
    await flipByte(place.data, 9999);
    expect(await heldAfter(FILE, place)).toEqual([2]);
  });

  test("a journal that claims what was never written is not believed", async () => {
    const place = await interrupt(FILE, [0, 1, 2]);
    await rm(place.data);
    expect(await heldAfter(FILE, place)).toEqual([]);
  });

  test("a crash before the journal record loses the piece alone, one after the name was given finds all", async () => {
    const place = await interrupt(FILE, [4]);
    await writeFile(place.output, FILE.fileBytes(""));
    await using store = await openFileStore({ ...FILE, outputPath: place.output });
    expect(store.held.isFull).toBe(true);
    expect(await readdir(place.parent)).toEqual(["output"]);
  });

  test("another content for the same output does not get in the way", async () => {
    const place = await interrupt(FILE, [4]);
    const other = createTestContent([{ path: "", bytes: 10_500 }], 1000, 2);
    await using store = await openFileStore({ ...other, outputPath: place.output });
    expect(store.held.count).toBe(0);
    await fillPiece(store, other, 4);
    expect(await heldAfter(FILE, place)).toEqual([4]);
  });
});

test.runIf(process.platform === "linux").each([true, false])("nothing stays open after the end (finished: %s)", async (isFinished) => {
  const folder = await createFolder();
  const store = await openFileStore({ ...TREE, outputPath: join(folder, "output") });
  for (let piece = 0; piece < TREE.pieceCount; piece += 1) await fillPiece(store, TREE, piece);
  expect(openDescriptorsIn(folder)).not.toEqual([]);
  if (isFinished) await store.finish();
  for (let piece = 0; piece < TREE.pieceCount; piece += 1) await readPiece(store, TREE, piece);
  await store[Symbol.asyncDispose]();
  expect(openDescriptorsIn(folder)).toEqual([]);
});

describe("refusals", () => {
  test("a second opening of the same output is told who has it", async () => {
    const outputPath = join(await createFolder(), "output");
    await using store = await openFileStore({ ...FILE, outputPath });
    await expect(openFileStore({ ...FILE, outputPath })).rejects.toMatchObject({ code: "OUTPUT_LOCKED", message: expect.stringContaining(`${process.pid}`) });
    await fillAll(store, FILE);
    await store.finish();
  });

  test("more than the disk has", async () => {
    const folder = await createFolder();
    const manifest = { ...FILE.manifest, totalBytes: 2 ** 50, entries: [{ ...FILE.manifest.entries[0]!, bytes: 2 ** 50 }], pieceLength: 2 ** 26 };
    const opening = openFileStore({ ...FILE, manifest, outputPath: join(folder, "output") });
    await expect(opening).rejects.toMatchObject({ code: "DISK_FULL", message: expect.stringMatching(/1\.00? PiB needed|1 PiB needed/) });
    expect(await readdir(folder)).toEqual([]);
  });

  test("a folder that does not exist, and one that is a file", async () => {
    const folder = await createFolder();
    expect(await codeOf(openFileStore({ ...FILE, outputPath: join(folder, "no", "output") }))).toBe("PATH_NOT_FOUND");
    await writeFile(join(folder, "file"), "");
    expect(await codeOf(openFileStore({ ...FILE, outputPath: join(folder, "file", "output") }))).toBe("STORAGE_FAILED");
  });

  test.runIf(process.getuid?.() !== 0)("a folder that may not be written", async () => {
    const folder = await createFolder();
    await chmod(folder, 0o500);
    expect(await codeOf(openFileStore({ ...FILE, outputPath: join(folder, "output") }))).toBe("PATH_NOT_WRITABLE");
  });

  test("a link in the way of the data leads nowhere", async () => {
    for (const trap of [TREE, FILE]) {
      const folder = await createFolder();
      const victim = await createFolder();
      const place = placeStore(join(folder, "output"), trap.contentId);
      await mkdir(place.folder);
      if (trap === TREE) {
        await mkdir(place.data);
        await symlink(victim, join(place.data, "bin"));
      } else {
        await symlink(join(victim, "file"), place.data);
      }
      expect(await codeOf(openFileStore({ ...trap, outputPath: place.output }))).toBe("STORAGE_FAILED");
      expect(await readdir(victim)).toEqual([]);
    }
  });

  test("a signal ends the hashing of what is there, and leaves it", async () => {
    const outputPath = join(await createFolder(), "output");
    {
      await using store = await openFileStore({ ...FILE, outputPath });
      await fillPiece(store, FILE, 0);
    }
    const stopping = new AbortController();
    const opening = openFileStore({ ...FILE, outputPath, signal: stopping.signal, onProgress: () => stopping.abort() });
    expect(await codeOf(opening)).toBe("CANCELLED");
    await using store = await openFileStore({ ...FILE, outputPath });
    expect(store.held.count).toBe(1);
  });
});
