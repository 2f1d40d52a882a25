import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Bitfield } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import type { LoadFacts, UploadCommand } from "./commands.js";
import type { CallerFacts, UploadEvent } from "./events.js";
import { createUploadEngine, type UploadEngine } from "./upload-engine.js";
import type { UploadEngineOptions } from "./upload-options.js";

/*
 * Each file in testdata is a scenario. Its lines:
 *   # text                 for the reader
 *   options NAME=NUMBER…   how the engine is made; once, before the first event
 *   TIME EVENT ARGUMENTS   a fact, at a time in milliseconds
 *     COMMAND ARGUMENTS    indented: what the engine wants done, all of it, in this order
 *     = WORD ARGUMENTS     indented: what can be seen of its state (next MS | idle | busy | slots N | queue N | watchers N | sent CONTENT N)
 *
 * requestArrived REF CALLER CONTENT FIRST[+COUNT] BYTES · chunkDrained REF BYTES · requestEnded REF · watcherJoined REF CALLER CONTENT ·
 * watcherLeft|watcherBlocked|watcherDrained REF · contentAdded CONTENT BITS · contentRemoved CONTENT · pieceStored|pieceLost CONTENT PIECE ·
 * peerGave ADDRESS BYTES · callerWatched CONTENT ADDRESS BITS · callerOffers CONTENT ADDRESS FIRST[+COUNT] · callerLost CONTENT ADDRESS ·
 * drainStarted · deadlineReached. A caller that begins with "?" did not name itself; one that can be called is NAME@ADDRESS,
 * one of a network NAME%NETWORK. BITS are 0 and 1, or N* for so many held pieces.
 * With PIECEWISE_WRITE_SCENARIOS=1 the commands in the files are written anew, to be read and judged before they are committed.
 */
const isWriting = process.env["PIECEWISE_WRITE_SCENARIOS"] === "1";
const folder = new URL("testdata/", import.meta.url);
const scenarios = readdirSync(folder).filter((name) => name.endsWith(".txt"));

function caller(word: string): CallerFacts {
  const [, key = "", network, address] = /^([^%@]*)(?:%([^@]*))?(?:@(.*))?$/.exec(word) ?? [];
  return { key, isPeer: !key.startsWith("?"), address, network };
}

function held(word: string): Bitfield {
  if (word.endsWith("*")) return Bitfield.create(Number(word.slice(0, -1)), true);
  const bits = Bitfield.create(word.length);
  for (let i = 0; i < word.length; i += 1) if (word[i] === "1") bits.add(i);
  return bits;
}

function parseEvent([type, ...args]: string[]): UploadEvent {
  const [a = "", b = "", c = "", d = "", e = ""] = args;
  switch (type) {
    case "contentAdded":
      return { type, content: a, held: held(b) };
    case "contentRemoved":
      return { type, content: a };
    case "pieceStored":
    case "pieceLost":
      return { type, content: a, piece: Number(b) };
    case "requestArrived": {
      const runs = d.split(",").map((run) => run.split("+").map(Number)).map(([first = 0, count = 1]) => ({ first, count }));
      return { type, request: Number(a), caller: caller(b), content: c, runs, bytes: Number(e) };
    }
    case "chunkDrained":
      return { type, request: Number(a), bytes: Number(b) };
    case "requestEnded":
      return { type, request: Number(a) };
    case "watcherJoined":
      return { type, watcher: Number(a), caller: caller(b), content: c };
    case "watcherLeft":
    case "watcherBlocked":
    case "watcherDrained":
      return { type, watcher: Number(a) };
    case "peerGave":
      return { type, address: a, bytes: Number(b) };
    case "callerWatched":
      return { type, content: a, address: b, offered: held(c).toBytes() };
    case "callerOffers": {
      const [first = 0, count = 1] = c.split("+").map(Number);
      return { type, content: a, address: b, added: [{ first, count }] };
    }
    case "callerLost":
      return { type, content: a, address: b };
    case "drainStarted":
    case "deadlineReached":
      return { type };
    default:
      throw new Error(`no such event: ${type}`);
  }
}

const formatLoad = (load: LoadFacts): string => `load=${load.slotsTaken}/${load.slotsMax}+${load.queueLength}`;

function formatCommand(command: UploadCommand): string {
  switch (command.type) {
    case "grant":
      return `grant ${command.request}`;
    case "refuse":
    case "stop":
      return `${command.type} ${command.request} ${command.code}${command.retryAfterMs === undefined ? "" : ` retry=${command.retryAfterMs}`}`;
    case "send":
      return `send ${command.request} ${command.bytesMax}`;
    case "offerFirst":
      return `offerFirst ${command.watcher} ${Buffer.from(command.offered).toString("hex")} ${formatLoad(command.load)}`;
    case "offerNews":
      return [
        `offerNews ${command.watcher}`,
        ...command.added.map(({ first, count }) => `+${first}${count === 1 ? "" : `..${first + count - 1}`}`),
        ...command.withdrawn.map(({ first, count }) => `-${first}${count === 1 ? "" : `..${first + count - 1}`}`),
        ...(command.load === undefined ? [] : [formatLoad(command.load)]),
        ...(command.goingAway === true ? ["goingAway"] : []),
      ].join(" ");
    case "refuseWatcher":
      return `refuseWatcher ${command.watcher} ${command.code}${command.retryAfterMs === undefined ? "" : ` retry=${command.retryAfterMs}`}`;
    case "watchCaller":
    case "unwatchCaller":
      return `${command.type} ${command.content} ${command.address}`;
    case "stopWatcher":
      return `stopWatcher ${command.watcher} ${command.code}`;
  }
}

/** What is true now, written like the expectation. */
function formatState(engine: UploadEngine, [word, argument = ""]: string[]): string {
  const stats = engine.stats();
  switch (word) {
    case "next":
      return `= next ${engine.nextDeadlineMs}`;
    case "idle":
    case "busy":
      return engine.isIdle ? "= idle" : "= busy";
    case "slots":
      return `= slots ${stats.slotsTaken}`;
    case "queue":
      return `= queue ${stats.queueLength}`;
    case "watchers":
      return `= watchers ${stats.watchers}`;
    case "sent":
      return `= sent ${argument} ${stats.sentBytes.get(argument)}`;
    default:
      throw new Error(`no such state: ${word}`);
  }
}

function parseOptions(words: string[]): UploadEngineOptions {
  return Object.fromEntries(words.map((word) => [word.split("=")[0], Number(word.split("=")[1])]));
}

/** Runs a scenario and writes down what really happened, in the notation of the scenario. */
function replay(text: string): string {
  let engine = createUploadEngine();
  let pending: string[] = [];
  const out: string[] = [];
  const flush = (): void => void out.push(...pending.splice(0).map((line) => `  ${line}`));
  for (const line of text.split("\n")) {
    const words = line.trim().split(/\s+/);
    if (line.startsWith(" ")) {
      if (words[0] !== "=") continue;
      flush();
      out.push(`  ${formatState(engine, words.slice(1))}`);
      continue;
    }
    flush();
    out.push(line);
    if (words[0] === "options") engine = createUploadEngine(parseOptions(words.slice(1)));
    else if (/^\d/.test(words[0]!)) pending = engine.handle(parseEvent(words.slice(1)), Number(words[0])).map(formatCommand);
  }
  flush();
  return out.join("\n");
}

describe("upload scenarios", () => {
  test.each(scenarios)("%s", (name) => {
    const file = new URL(name, folder);
    const text = readFileSync(file, "utf8");
    const replayed = replay(text);
    if (isWriting) writeFileSync(file, replayed);
    expect(replayed).toBe(text);
  });

  test("a wrong expectation is noticed", () => {
    const text = "0 contentAdded A 1\n0 requestArrived 1 alice A 0 10\n  refuse 1 BUSY\n";
    expect(replay(text)).not.toBe(text);
  });
});
