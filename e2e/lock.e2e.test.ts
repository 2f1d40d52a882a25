import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { RunningProcess } from "./processes.js";
import { type TempFolder, openTempFolder } from "./temp-folder.js";

const CONTENDERS = 6;
const WAIT_MS = 20_000;
const SCRIPT = `
import { appendFileSync } from "node:fs";
import { once } from "node:events";
import { withLock } from "${new URL("../scripts/processes/lock.mjs", import.meta.url).href}";
const [lock, log, name, waitMs] = process.argv.slice(2);
const options = { holderPid: process.pid, waitMs: Number(waitMs), busy: (pid) => "busy: " + pid };
await withLock(lock, options, async () => {
  appendFileSync(log, name + " begins\\n");
  console.log("held");
  process.stdin.resume();
  await once(process.stdin, "end");
  appendFileSync(log, name + " ends\\n");
});
`;

test("commands take turns, even when they find the lock of a dead process", async () => {
  await using folder = await openScriptFolder();
  const dead = new RunningProcess(folder.join("dead.mjs"), []);
  await dead.waitForExit();
  await writeFile(folder.join("lock"), JSON.stringify({ pid: dead.pid, startTime: "1" }));

  const commands = Array.from({ length: CONTENDERS }, (_, index) => startHolder(folder, `${index}`, WAIT_MS, ""));
  for (const command of commands) expect((await command.waitForExit()).code, command.transcript()).toBe(0);

  const log = (await readFile(folder.join("log"), "utf8")).trim().split("\n");
  expect(log).toHaveLength(2 * CONTENDERS);
  for (let i = 0; i < log.length; i += 2) expect(log[i + 1]).toBe(log[i]!.replace("begins", "ends"));
  expect(existsSync(folder.join("lock"))).toBe(false);
});

test("a command that waits for too long says who holds the lock", async () => {
  await using folder = await openScriptFolder();
  await using holder = startHolder(folder, "first", WAIT_MS, "open");
  await holder.waitForLine(/^held$/);

  const late = startHolder(folder, "late", 0, "");
  expect((await late.waitForExit()).code).toBe(1);
  expect(late.stderr.join("\n")).toContain(`busy: ${holder.pid}`);

  holder.endInput();
  expect((await holder.waitForExit()).code, holder.transcript()).toBe(0);
});

/** Holds the lock until its input ends. */
const startHolder = (folder: TempFolder, name: string, waitMs: number, input: string): RunningProcess =>
  new RunningProcess(folder.join("holder.mjs"), [folder.join("lock"), folder.join("log"), name, `${waitMs}`], { input });

async function openScriptFolder(): Promise<TempFolder> {
  const folder = await openTempFolder();
  await writeFile(folder.join("holder.mjs"), SCRIPT);
  await writeFile(folder.join("dead.mjs"), "");
  return folder;
}
