import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acquireOutputLock } from "./output-lock.js";
import { codeOf } from "./testing/index.js";
import { useTemporaryFolders } from "./testing/temporary-folder.js";

const createFolder = useTemporaryFolders();

/** As the process itself would have written it. */
async function lockOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1");
  const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return JSON.stringify({ pid, startTime });
}

test("one at a time, and again after the release", async () => {
  const folder = await createFolder();
  const path = join(folder, "lock");
  const acquired = await Promise.allSettled([1, 2, 3].map(() => acquireOutputLock(path, "/out")));
  const releases = acquired.filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
  expect(releases).toHaveLength(1);
  expect(await readFile(path, "utf8")).toBe(await lockOf(process.pid));
  await releases[0]!();
  await releases[0]!();
  expect(await readdir(folder)).toEqual([]);
  await (await acquireOutputLock(path, "/out"))();
});

test.runIf(process.platform === "linux")("a living process is named; its lock is taken over when it has ended", async () => {
  const folder = await createFolder();
  const path = join(folder, "lock");
  const other = spawn("sleep", ["600"]);
  try {
    await once(other, "spawn");
    await writeFile(path, await lockOf(other.pid!));
    await expect(acquireOutputLock(path, "/out")).rejects.toMatchObject({
      code: "OUTPUT_LOCKED",
      message: expect.stringMatching(new RegExp(`process ${other.pid} .*"/out"`)),
    });
    expect(await readdir(folder)).toEqual(["lock"]);
  } finally {
    other.kill("SIGKILL");
    await once(other, "exit");
  }
  await (await acquireOutputLock(path, "/out"))();
});

test.each([
  ["another process that got the same pid", JSON.stringify({ pid: 1, startTime: "123456789" })],
  ["an earlier process with our own pid", JSON.stringify({ pid: process.pid, startTime: "1" })],
  ["half a lock", '{"pid":1'],
  ["nothing", ""],
])("a lock of %s is taken over", async (_, found) => {
  const folder = await createFolder();
  const path = join(folder, "lock");
  await writeFile(path, found);
  const release = await acquireOutputLock(path, "/out");
  expect(await readFile(path, "utf8")).toBe(await lockOf(process.pid));
  await release();
  expect(await readdir(folder)).toEqual([]);
});

test("a folder that is gone is an error of the system", async () => {
  expect(await codeOf(acquireOutputLock(join(await createFolder(), "gone", "lock"), "/out"))).toBe("PATH_NOT_FOUND");
});
