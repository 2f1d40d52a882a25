import { Bitfield } from "@piecewise/base";
import { expect, test } from "vitest";
import { NEWS_RUNS_MAX, NEWS_WINDOW_MS } from "./audience.js";
import type { UploadEvent } from "./events.js";
import { createUploadEngine } from "./upload-engine.js";

test("news that does not fit into one message follows in the next, a window later", () => {
  const engine = createUploadEngine();
  const pieces = 2 * NEWS_RUNS_MAX + 100;
  engine.handle({ type: "contentAdded", content: "A", held: Bitfield.create(pieces, true) }, 0);
  engine.handle({ type: "watcherJoined", watcher: 1, caller: { key: "alice", isPeer: true, address: undefined, network: undefined }, content: "A" }, 0);
  for (let piece = 0; piece < pieces; piece += 2) engine.handle({ type: "pieceLost", content: "A", piece }, 1);

  const withdrawn: number[] = [];
  for (const nowMs of [NEWS_WINDOW_MS, 2 * NEWS_WINDOW_MS]) {
    expect(engine.nextDeadlineMs).toBe(nowMs);
    const commands = engine.handle({ type: "deadlineReached" }, nowMs);
    withdrawn.push(...commands.map((command) => (command.type === "offerNews" ? command.withdrawn.length : 0)));
  }
  expect(withdrawn).toEqual([NEWS_RUNS_MAX, 50]);
});

test("each hears of a piece as soon as it has heard nothing for a window, with those who may soon, whoever cannot hear now; and all at once of a departure", () => {
  const engine = createUploadEngine();
  engine.handle({ type: "contentAdded", content: "A", held: Bitfield.create(9) }, 0);
  [0, 30, 60, 60].forEach((atMs, index) => {
    engine.handle({ type: "watcherJoined", watcher: index + 1, caller: { key: `peer ${index}`, isPeer: true, address: undefined, network: undefined }, content: "A" }, atMs);
  });
  engine.handle({ type: "watcherBlocked", watcher: 2 }, 60);

  const heard: [number, number][] = [];
  const tell = (event: UploadEvent, nowMs: number): void => {
    for (const command of engine.handle(event, nowMs)) if (command.type === "offerNews") heard.push([command.watcher, nowMs]);
  };
  const passTime = (untilMs: number): void => {
    for (let dueMs = engine.nextDeadlineMs; dueMs <= untilMs; dueMs = engine.nextDeadlineMs) tell({ type: "deadlineReached" }, dueMs);
  };
  tell({ type: "pieceStored", content: "A", piece: 3 }, 70);
  passTime(120);
  tell({ type: "pieceStored", content: "A", piece: 4 }, 120);
  passTime(176);
  tell({ type: "watcherDrained", watcher: 2 }, 180);
  passTime(300);
  const windows: [number, number][] = [[1, 100], [3, 175], [4, 175], [2, 180], [1, 200]];
  expect(heard).toEqual(windows);
  tell({ type: "pieceStored", content: "A", piece: 5 }, 310);
  expect(heard.slice(windows.length)).toEqual([[3, 310], [4, 310], [2, 310], [1, 310]]);
  tell({ type: "drainStarted" }, 311);
  expect(heard.slice(windows.length + 4)).toEqual([[3, 311], [4, 311], [2, 311], [1, 311]]);
});
