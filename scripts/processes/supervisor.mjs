// Outlives the script that started it by a moment: when the script is gone, however it ended, this ends the process groups that it left.
// The script writes "+PID" for each group that it starts and "-PID" for each that ended; the end of this input is the end of the script.
import { setTimeout as sleep } from "node:timers/promises";
import { createInterface } from "node:readline";
import { endGroup, isGroupAlive } from "./process-group.mjs";

const GRACE_MS = 3_000;
const LOOK_MS = 50;

// Whoever stops the script with a signal to everything means the script, not the one who cleans up after it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

const groups = new Set();
for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith("+")) groups.add(pid);
  else groups.delete(pid);
}

for (const pid of groups) endGroup(pid, "SIGTERM");
for (let waitedMs = 0; waitedMs < GRACE_MS && [...groups].some(isGroupAlive); waitedMs += LOOK_MS) await sleep(LOOK_MS);
for (const pid of groups) endGroup(pid, "SIGKILL");
