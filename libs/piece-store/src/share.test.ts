import { execFileSync } from "node:child_process";
import { appendFile, mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { decodeManifest } from "@piecewise/manifest";
import { describe, expect, test } from "vitest";
import { openSharedFiles } from "./share.js";
import { codeOf, createTestContent, readPiece } from "./testing/index.js";
import { useTemporaryFolders } from "./testing/temporary-folder.js";

const createFolder = useTemporaryFolders();

describe("what is shared", () => {
  test.each([0, 1, 999, 1000, 1001, 5500])("a file of %i bytes has the id that follows from its bytes alone", async (bytes) => {
    const content = createTestContent([{ path: "", bytes }], 1000);
    const path = join(await createFolder(), "file");
    await writeFile(path, content.fileBytes(""), { mode: 0o755 });
    const seen: { doneBytes: number; totalBytes: number }[] = [];
    const { source, skipped } = await openSharedFiles(path, { pieceLength: 1000, onProgress: (progress) => seen.push(progress) });
    await using _ = source;
    expect(source.contentId).toBe(content.contentId);
    expect(decodeManifest(source.manifestBytes)).toEqual(source.manifest);
    expect([source.held.isFull, skipped]).toEqual([true, []]);
    expect(seen.at(-1)).toEqual({ doneBytes: bytes, totalBytes: bytes });
    for (let piece = 0; piece < content.pieceCount; piece += 1) expect(await readPiece(source, content, piece)).toEqual(content.pieceBytes(piece));
  });

  test("a tree is one byte space in the order of its paths, with empty directories and executable bits", async () => {
    const content = createTestContent(
      [
        { path: "-a", bytes: 700 },
        { path: "a.b", bytes: 1 },
        { path: "a/z", bytes: 900, executable: true },
        { path: "empty" },
        { path: "links only" },
        { path: "\uff5e", bytes: 5 },
        { path: "\u{1f4e6}", bytes: 0 },
      ],
      512,
    );
    const root = await createFolder();
    for (const directory of ["a", "empty", "links only"]) await mkdir(join(root, directory));
    for (const { path, kind, executable } of content.manifest.entries) {
      if (kind === "file") await writeFile(join(root, path), content.fileBytes(path), { mode: executable ? 0o744 : 0o644 });
    }
    await symlink("/etc/passwd", join(root, "links only", "passwd"));
    await symlink("a", join(root, "to a"));
    execFileSync("mkfifo", [join(root, "pipe")]);
    const server = createServer().listen(join(root, "socket"));
    const { source, skipped } = await openSharedFiles(root, { pieceLength: 512 });
    await using _ = source;
    server.close();
    expect(source.manifest).toEqual(content.manifest);
    expect(source.contentId).toBe(content.contentId);
    expect(skipped).toEqual(["links only/passwd", "pipe", "socket", "to a"]);
    for (let piece = 0; piece < content.pieceCount; piece += 1) expect(await readPiece(source, content, piece)).toEqual(content.pieceBytes(piece));
  });

  test("an empty directory, and a link that names the file", async () => {
    const folder = await createFolder();
    await writeFile(join(folder, "file"), "x");
    await symlink("file", join(folder, "link"));
    await mkdir(join(folder, "empty"));
    await using empty = (await openSharedFiles(join(folder, "empty"))).source;
    expect(empty.manifest.entries).toEqual([]);
    await using file = (await openSharedFiles(join(folder, "link"))).source;
    expect(file.manifest.totalBytes).toBe(1);
  });

  test("more files than may be open at a time", async () => {
    const root = await createFolder();
    const names = Array.from({ length: 600 }, (_, index) => `${index}`.padStart(4, "0"));
    for (const name of names) await writeFile(join(root, name), name);
    const content = { pieceBytes: (piece: number) => Buffer.from(names.join("")).subarray(piece * 100, piece * 100 + 100) };
    await using source = (await openSharedFiles(root, { pieceLength: 100 })).source;
    for (const piece of [0, 23, 11]) {
      const bytes = new Uint8Array(100);
      await source.prepare(piece);
      await source.read(piece, 0, bytes);
      expect(bytes).toEqual(new Uint8Array(content.pieceBytes(piece)));
    }
  });
});

describe("what is refused", () => {
  test("what is missing, and what is no file", async () => {
    const folder = await createFolder();
    execFileSync("mkfifo", [join(folder, "pipe")]);
    expect(await codeOf(openSharedFiles(join(folder, "nothing")))).toBe("PATH_NOT_FOUND");
    expect(await codeOf(openSharedFiles(join(folder, "pipe")))).toBe("PATH_NOT_SHAREABLE");
  });

  test.runIf(process.getuid?.() !== 0)("what may not be read", async () => {
    const folder = await createFolder();
    await writeFile(join(folder, "secret"), "x", { mode: 0o200 });
    await expect(openSharedFiles(folder)).rejects.toMatchObject({ code: "PATH_UNREADABLE", message: expect.stringContaining("secret") });
  });

  test.each([
    ["a name that is not UTF-8", Buffer.from("caf\xe9", "latin1"), "UTF-8"],
    ["a control character, which is shown as text", Buffer.from("a\u001b[2Jb"), "\\u{1b}"],
    ["a device of Windows", Buffer.from("aux.txt"), "Windows"],
  ])("%s", async (_, name, told) => {
    const root = await createFolder();
    await writeFile(Buffer.concat([Buffer.from(`${root}/`), name]), "x");
    await expect(openSharedFiles(root)).rejects.toMatchObject({
      code: "PATH_NOT_SHAREABLE",
      message: expect.stringMatching(/rename it, then share again$/),
    });
    await expect(openSharedFiles(root)).rejects.toThrow(told);
  });

  test("names that differ in case alone", async () => {
    const root = await createFolder();
    for (const name of ["Read.me", "read.ME"]) await writeFile(join(root, name), "x");
    expect(await codeOf(openSharedFiles(root))).toBe("PATH_NOT_SHAREABLE");
  });

  test("a piece length that makes no sense", async () => {
    const path = join(await createFolder(), "file");
    await writeFile(path, "x");
    for (const pieceLength of [0, -1, 1.5, 2 ** 30]) expect(await codeOf(openSharedFiles(path, { pieceLength }))).toBe("PIECE_LENGTH_INVALID");
  });

  test("a file that changes while it is hashed", async () => {
    const path = join(await createFolder(), "file");
    await writeFile(path, new Uint8Array(5000));
    let changing: Promise<void> | undefined;
    const sharing = openSharedFiles(path, { pieceLength: 1, onProgress: () => (changing ??= appendFile(path, "x")) });
    await expect(sharing).rejects.toMatchObject({ code: "CONTENT_CHANGED", message: expect.stringContaining("file") });
    await changing;
  });

  test("everything, when the signal says so", async () => {
    const path = join(await createFolder(), "file");
    await writeFile(path, new Uint8Array(5000));
    const stopping = new AbortController();
    const sharing = openSharedFiles(path, { pieceLength: 1, signal: stopping.signal, onProgress: () => stopping.abort() });
    expect(await codeOf(sharing)).toBe("CANCELLED");
  });
});

describe("serving from the original place", () => {
  const content = createTestContent([{ path: "", bytes: 3000 }], 1000);

  async function share() {
    const path = join(await createFolder(), "file");
    await writeFile(path, content.fileBytes(""));
    return { path, ...(await openSharedFiles(path, { pieceLength: 1000 })) };
  }

  test("a touched file is hashed again and served; a changed piece is refused, the others are not", async () => {
    const { path, source } = await share();
    await using _ = source;
    await utimes(path, 1, 1);
    expect(await readPiece(source, content, 0)).toEqual(content.pieceBytes(0));
    const bytes = content.fileBytes("");
    bytes[1500]! ^= 1;
    await writeFile(path, bytes);
    expect(await codeOf(source.prepare(1))).toBe("PIECE_DAMAGED");
    expect([...source.held.indices()]).toEqual([0, 2]);
    expect(await readPiece(source, content, 2)).toEqual(content.pieceBytes(2));
  });

  test("a file that was replaced under its name is noticed", async () => {
    const { path, source } = await share();
    await using _ = source;
    await source.prepare(0);
    await writeFile(`${path}.new`, new Uint8Array(3000));
    await rename(`${path}.new`, path);
    expect(await codeOf(source.prepare(0))).toBe("PIECE_DAMAGED");
    await rm(path);
    await symlink("/etc/passwd", path);
    expect(await codeOf(source.prepare(1))).toBe("STORAGE_FAILED");
  });

  test("a file that got shorter after its piece was prepared", async () => {
    const { path, source } = await share();
    await using _ = source;
    await source.prepare(2);
    await writeFile(path, content.fileBytes("").slice(0, 2500));
    expect(await codeOf(source.read(2, 400, new Uint8Array(600)))).toBe("CONTENT_CHANGED");
    expect(await codeOf(source.prepare(2))).toBe("PIECE_DAMAGED");
  });

  test("a file that vanished", async () => {
    const { path, source } = await share();
    await using _ = source;
    await rm(path);
    expect(await codeOf(source.prepare(0))).toBe("PATH_NOT_FOUND");
    expect(source.held.has(0)).toBe(false);
  });

  test("many at once", async () => {
    const { path, source } = await share();
    await using _ = source;
    await utimes(path, 1, 1);
    const reads = Array.from({ length: 50 }, (_unused, index) => readPiece(source, content, index % 3));
    for (const [index, bytes] of (await Promise.all(reads)).entries()) expect(bytes).toEqual(content.pieceBytes(index % 3));
  });
});
