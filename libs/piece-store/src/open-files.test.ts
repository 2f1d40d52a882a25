import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { OpenFiles } from "./open-files.js";
import { openDescriptorsIn } from "./testing/open-descriptors.js";
import { useTemporaryFolders } from "./testing/temporary-folder.js";

const createFolder = useTemporaryFolders();

const readText = (files: OpenFiles, path: string): Promise<string> =>
  files.with(path, async (file) => {
    const into = new Uint8Array(10);
    return Buffer.from(into.subarray(0, await file.read(into, 0))).toString();
  });

test.runIf(process.platform === "linux")("keeps the most recently used open, also when more are in use at once", async () => {
  const folder = await createFolder();
  const files = new OpenFiles(2);
  for (const name of ["a", "b", "c", "d"]) await writeFile(join(folder, name), name);
  for (const name of ["a", "b", "a", "c"]) expect(await readText(files, join(folder, name))).toBe(name);
  await files.settle();
  expect(openDescriptorsIn(folder)).toEqual(["a", "c"]);
  await Promise.all(["a", "b", "c", "d"].map((name) => files.with(join(folder, name), async () => readText(files, join(folder, name)))));
  await files.settle();
  expect(openDescriptorsIn(folder)).toHaveLength(2);
  for (const name of ["a", "b", "c", "d"]) files.forget(join(folder, name));
  await files.settle();
  expect(openDescriptorsIn(folder)).toEqual([]);
});

test("forgets a file that could not be opened, and one that it is told to", async () => {
  const folder = await createFolder();
  const path = join(folder, "file");
  const files = new OpenFiles(2);
  await expect(readText(files, path)).rejects.toMatchObject({ code: "ENOENT" });
  await writeFile(path, "old");
  expect(await readText(files, path)).toBe("old");
  await writeFile(`${path}.new`, "new");
  await rename(`${path}.new`, path);
  expect(await readText(files, path)).toBe("old");
  files.forget(path);
  expect(await readText(files, path)).toBe("new");
  files.forget(path);
  await files.settle();
});
