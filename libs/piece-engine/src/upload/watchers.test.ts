import { Bitfield } from "@piecewise/base";
import { expect, test } from "vitest";
import { createUploadEngine } from "./upload-engine.js";
import { NEWS_RUNS_MAX, NEWS_WINDOW_MS } from "./watchers.js";

test("news that does not fit into one message follows in the next, a window later", () => {
  const engine = createUploadEngine();
  const pieces = 2 * NEWS_RUNS_MAX + 100;
  engine.handle({ type: "contentAdded", content: "A", held: Bitfield.create(pieces, true) }, 0);
  engine.handle({ type: "watcherJoined", watcher: 1, caller: { key: "alice", isPeer: true }, content: "A" }, 0);
  for (let piece = 0; piece < pieces; piece += 2) engine.handle({ type: "pieceLost", content: "A", piece }, 1);

  const withdrawn: number[] = [];
  for (const nowMs of [NEWS_WINDOW_MS, 2 * NEWS_WINDOW_MS]) {
    expect(engine.nextDeadlineMs).toBe(nowMs);
    const commands = engine.handle({ type: "deadlineReached" }, nowMs);
    withdrawn.push(...commands.map((command) => (command.type === "offerNews" ? command.withdrawn.length : 0)));
  }
  expect(withdrawn).toEqual([NEWS_RUNS_MAX, 50]);
});
