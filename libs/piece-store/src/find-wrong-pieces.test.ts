import { appendFile, mkdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { findWrongPieces } from "./find-wrong-pieces.js";
import { createTestContent, type TestContent } from "./testing/test-content.js";
import { useTemporaryFolders } from "./testing/temporary-folder.js";

const newFolder = useTemporaryFolders();
// Pieces 0 to 9 of 10 bytes; a: 0-2, b/c: 2-5, d: nothing, e: 6-9.
const tree = createTestContent([{ path: "a", bytes: 25 }, { path: "b/c", bytes: 35 }, { path: "d", bytes: 0 }, { path: "e", bytes: 35 }, { path: "f" }], 10);

async function layOut(content: TestContent): Promise<string> {
  const root = join(await newFolder(), "tree");
  for (const { path, kind } of content.manifest.entries) {
    await mkdir(kind === "file" ? dirname(join(root, path)) : join(root, path), { recursive: true });
    if (kind === "file") await writeFile(join(root, path), content.fileBytes(path));
  }
  return root;
}

test.each<[what: string, change: (root: string) => Promise<unknown>, wrong: number[]]>([
  ["nothing", async () => {}, []],
  ["more than there should be", (root) => writeFile(join(root, "extra"), "x"), []],
  ["a byte", (root) => writeFile(join(root, "e"), tree.fileBytes("e").with(12, tree.fileBytes("e")[12]! ^ 1)), [7]],
  ["a file that is gone", (root) => rm(join(root, "b/c")), [2, 3, 4, 5]],
  ["a file without its end", (root) => truncate(join(root, "e"), 11), [7, 8, 9]],
  ["a longer file", (root) => appendFile(join(root, "a"), "more"), []],
  ["a directory that is gone", (root) => rm(join(root, "b"), { recursive: true }), [2, 3, 4, 5]],
  ["a directory for a file", (root) => rm(join(root, "a")).then(() => mkdir(join(root, "a"))), [0, 1, 2]],
  ["a link for a file", (root) => rm(join(root, "a")).then(() => symlink("e", join(root, "a"))), [0, 1, 2]],
])("finds the pieces that differ by %s", async (_, change, wrong) => {
  const root = await layOut(tree);
  await change(root);
  expect(await findWrongPieces(root, tree.manifest)).toEqual(wrong);
});

test("a single file may be named through a link", async () => {
  const file = createTestContent([{ path: "", bytes: 15 }], 10);
  const folder = await newFolder();
  await writeFile(join(folder, "file"), file.fileBytes("").with(14, 0).with(13, 0));
  await symlink("file", join(folder, "link"));
  const seen: number[] = [];
  expect(await findWrongPieces(join(folder, "link"), file.manifest, { onProgress: ({ doneBytes }) => seen.push(doneBytes) })).toEqual([1]);
  expect(seen.at(-1)).toBe(15);
  expect(await findWrongPieces(folder, file.manifest)).toEqual([0, 1]);
});

test("a path that is not there, and a signal", async () => {
  const root = await layOut(tree);
  await expect(findWrongPieces(join(root, "nothing"), tree.manifest)).rejects.toMatchObject({ code: "PATH_NOT_FOUND" });
  await expect(findWrongPieces(root, tree.manifest, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
});
