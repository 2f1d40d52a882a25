import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MIB } from "@piecewise/base";
import { expect, test, vi } from "vitest";
import { APPEND_BYTES_UNDER_WAY_MAX, HashedFiles, startHasher } from "./hasher.js";
import { sha256 } from "./sha256.js";
import { codeOf } from "./testing/index.js";
import { useTemporaryFolders } from "./testing/temporary-folder.js";

// As in the code of the thread, whose modules cannot be imported here.
const COPY_BYTES_IN_MEMORY_MAX = 64 * MIB;

const createFolder = useTemporaryFolders();

async function openTarget(path?: string): Promise<{ files: HashedFiles; folder: string }> {
  const folder = await createFolder();
  await writeFile(join(folder, "journal"), "");
  const target = { journalPath: join(folder, "journal"), scratchPath: join(folder, "copies"), pieceLength: 16 * MIB };
  return { files: HashedFiles.open({ paths: [path ?? join(folder, "data")], target }), folder };
}

const spansOf = (piece: number, bytes: number) => [{ entryIndex: 0, fileOffset: piece * 16 * MIB, bytes }];

test("a full disk is reported when the copy is verified, not before", async () => {
  const { files } = await openTarget("/dev/full");
  await using _ = files;
  const data = new Uint8Array(10);
  expect(files.append(0, 0, 1, data, spansOf(0, 10))).toBeUndefined();
  const verifying = files.call("verify", { piece: 0, copy: 0, expected: sha256(new Uint8Array(10)), record: new Uint8Array(1), spans: spansOf(0, 10) });
  await expect(verifying).rejects.toMatchObject({ code: "DISK_FULL", message: expect.stringContaining("/dev/full") });
});

test("a copy that lies in its place is journalled when it turns out right, and only then", async () => {
  const { files, folder } = await openTarget();
  await using _ = files;
  const data = new Uint8Array([1, 2, 3]);
  const verify = async (piece: number, copy: number, expected: Uint8Array) => {
    files.append(piece, copy, 1, data, copy === 0 ? spansOf(piece, 3) : undefined);
    return files.call("verify", { piece, copy, expected: sha256(expected), record: new Uint8Array([piece]), spans: spansOf(piece, 3) });
  };
  expect(await verify(7, 0, data)).toMatchObject({ ok: true });
  expect(await verify(8, 0, new Uint8Array([9]))).toEqual({ ok: false });
  expect(await verify(9, 1, data)).toMatchObject({ ok: true });
  expect([...(await readFile(join(folder, "journal")))]).toEqual([7]);
});

test("large chunks are handed over, small ones and parts of a larger buffer are copied", async () => {
  const { files } = await openTarget();
  await using _ = files;
  const large = new Uint8Array(new ArrayBuffer(MIB + 20), 20);
  const small = new Uint8Array(100);
  const part = new Uint8Array(new ArrayBuffer(2 * MIB), 0, MIB);
  for (const [copy, data] of [large, small, part].entries()) files.append(0, copy + 1, 1, data, undefined);
  await vi.waitFor(() => expect(large.byteLength).toBe(0));
  expect([large.byteLength, small.byteLength, part.byteLength]).toEqual([0, 100, MIB]);
});

test("asks to wait when too many bytes are under way, and only then", async () => {
  const { files } = await openTarget();
  await using _ = files;
  const chunks = APPEND_BYTES_UNDER_WAY_MAX / MIB;
  const append = (chunk: number) => files.append(0, 0, 1, new Uint8Array(MIB), [{ entryIndex: 0, fileOffset: chunk * MIB, bytes: MIB }]);
  for (let chunk = 0; chunk < chunks; chunk += 1) expect(append(chunk)).toBeUndefined();
  const room = append(chunks);
  expect(room).toBeInstanceOf(Promise);
  await room;
  expect(append(chunks + 1)).toBeUndefined();
});

test("there is room again when all is written, however much came last", async () => {
  const { files } = await openTarget();
  await using _ = files;
  const append = (copy: number) => files.append(0, copy, 1, new Uint8Array(MIB), undefined);
  for (const last of [1, 2, 3, 4]) {
    for (let chunk = 0; chunk < APPEND_BYTES_UNDER_WAY_MAX / MIB; chunk += 1) append(last);
    // What came up to here goes to the thread as one message, which it answers before the next.
    await new Promise(process.nextTick);
    const rooms = Array.from({ length: last }, () => append(last));
    expect(rooms.at(-1)).toBeInstanceOf(Promise);
    await rooms.at(-1);
    files.discard(0, last);
  }
});

test("copies beyond what memory may hold go to a file without a name, and come back right", async () => {
  const { files, folder } = await openTarget();
  await using _ = files;
  const pieceBytes = 16 * MIB;
  const copies = COPY_BYTES_IN_MEMORY_MAX / pieceBytes + 2;
  for (let piece = 0; piece < copies; piece += 1) {
    for (let chunk = 0; chunk < 16; chunk += 1) await files.append(piece, 3, 1, new Uint8Array(MIB).fill(piece * 16 + chunk), undefined);
  }
  for (let piece = 0; piece < copies; piece += 1) {
    const expected = new Uint8Array(pieceBytes);
    for (let chunk = 0; chunk < 16; chunk += 1) expected.fill(piece * 16 + chunk, chunk * MIB, (chunk + 1) * MIB);
    const spans = spansOf(piece, pieceBytes);
    expect(await files.call("verify", { piece, copy: 3, expected: sha256(expected), record: new Uint8Array(1), spans })).toEqual({ ok: true, blamed: [] });
    await files.call("store", { piece, copy: 3, record: new Uint8Array(1), spans });
    expect(await files.call("hash", { pieces: [spans] })).toEqual(new Uint8Array(sha256(expected)));
  }
  expect(existsSync(join(folder, "copies"))).toBe(false);
});

test("what cannot be opened is explained", async () => {
  await using files = HashedFiles.open({ paths: ["/nowhere/at all"] });
  expect(await codeOf(files.call("hash", { pieces: [spansOf(0, 1)] }))).toBe("PATH_NOT_FOUND");
});

test("a thread that was started ahead serves what is opened afterwards, whichever is closed first", async () => {
  const ahead = startHasher();
  const { files } = await openTarget();
  await ahead[Symbol.asyncDispose]();
  const digest = await files.call("hash", { pieces: [[]] });
  expect(Buffer.from(digest)).toEqual(Buffer.from(sha256(new Uint8Array())));
  await files[Symbol.asyncDispose]();
});
