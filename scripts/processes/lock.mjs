import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "./processes.mjs";

const LOOK_MS = 200;

/**
 * Holds a lock file while `work` runs, in the name of the process `holderPid`. A lock whose holder is dead is taken over; while another
 * process holds it, this one waits for at most `waitMs`, after saying so with `onWait(pid)`, and then fails with the sentence `busy(pid)`.
 */
export async function withLock(path, { holderPid, waitMs, onWait, busy }, work) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: holderPid, startTime: startTime(holderPid) });
  const deadlineMs = performance.now() + waitMs;
  let announced = false;
  while (!tryLock(path, mine)) {
    const held = read(path);
    if (held === undefined) continue;
    if (isHolderDead(held)) {
      takeAway(path, held);
      continue;
    }
    const { pid } = JSON.parse(held);
    if (performance.now() >= deadlineMs) throw new Failure(busy(pid));
    if (!announced) onWait?.(pid);
    announced = true;
    await sleep(LOOK_MS); // The death of a process that is not a child raises no event.
  }
  try {
    return await work();
  } finally {
    if (read(path) === mine) rmSync(path);
  }
}

/** A link appears with its content or not at all, and only if there is none. */
function tryLock(path, content) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, content);
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(own);
  }
}

/** Two processes may find the same dead holder: whoever took away a lock that is alive by now puts it back. */
function takeAway(path, dead) {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  try {
    if (readFileSync(aside, "utf8") !== dead) linkSync(aside, path);
  } finally {
    rmSync(aside);
  }
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isHolderDead(content) {
  const { pid, startTime: started } = JSON.parse(content);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error.code === "ESRCH"; // Another user's process is alive, too.
  }
  return started !== startTime(pid);
}

/** When a process started, in ticks since the machine did; tells it from a later one with the same id. Empty where there is no /proc. */
function startTime(pid) {
  const stat = read(`/proc/${pid}/stat`) ?? "";
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
