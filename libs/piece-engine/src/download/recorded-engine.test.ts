import { Bitfield } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { brainOf, type BrainFacts, isSameAnswer, readLogEntry, readLogHead } from "./download-log.js";
import type { DownloadEvent } from "./events.js";
import { createRecordedEngine } from "./recorded-engine.js";

const FACTS: BrainFacts = { seed: 5, givenAddresses: ["192.0.2.1:4001"], hasTracker: true, peersMax: 3, downloadBytesPerSecond: 1_000 };

const STORY: readonly DownloadEvent[] = [
  { type: "started" },
  { type: "peersFound", source: "tracker", addresses: ["192.0.2.2:4001", "192.0.2.1:4001"] },
  { type: "peerConnected", peer: 0, offered: new Uint8Array([0xe0]) },
  { type: "manifestReceived", peer: 0, geometry: { totalBytes: 3_000, pieceLength: 1_000 } },
  { type: "storeOpened", stored: Bitfield.create(3) },
];

function record(story: readonly DownloadEvent[], linesMax = Number.POSITIVE_INFINITY): string[] {
  const lines: string[] = [];
  const engine = createRecordedEngine(FACTS, (line) => lines.push(line) < linesMax);
  story.forEach((event, index) => engine.handle(event, index + 0.1));
  return lines;
}

describe("a recorded brain", () => {
  test("wants what one that is not recorded wants, and so does the one that its log describes", () => {
    const [head = "", ...lines] = record(STORY);
    const own = brainOf(FACTS);
    const again = brainOf(readLogHead(head));
    expect(lines).toHaveLength(STORY.length);
    lines.forEach((line, index) => {
      const { event, nowMs, commands } = readLogEntry(line, index + 2);
      expect(nowMs).toBe(index + 0.1);
      expect(isSameAnswer(again.handle(event, nowMs), commands!)).toBe(true);
      expect(commands?.map(({ type }) => type)).toEqual(own.handle(STORY[index]!, nowMs).map(({ type }) => type));
    });
    expect(lines.at(-1)).toContain('"openStream"');
  });

  test("an address has one name everywhere, and what a message says is left out", () => {
    const failed: DownloadEvent = { type: "storeFailed", code: "DISK_FULL", message: 'cannot write "/home/me/film.mkv"' };
    const lines = record([...STORY, failed]);
    expect(lines.join("\n")).not.toMatch(/192\.0\.2|home/);
    expect(lines[0]).toContain('"givenAddresses":["peer-0"]');
    expect(lines[1]).toContain('"address":"peer-0"');
    expect(lines[2]).toContain('"addresses":["peer-1","peer-0"]');
    expect(lines.at(-1)).toContain('"event":{"type":"storeFailed","code":"DISK_FULL"}');
    expect(lines.at(-1)).toContain('{"type":"fail","code":"DISK_FULL"}');
  });

  test("goes on when no more is written", () => {
    const lines = record(STORY, 3);
    expect(lines).toHaveLength(3);
  });

  test("what made it throw is written down", () => {
    const wrong: DownloadEvent = { type: "storeOpened", stored: Bitfield.create(4) };
    const lines: string[] = [];
    const engine = createRecordedEngine(FACTS, (line) => lines.push(line) > 0);
    STORY.slice(0, -1).forEach((event) => engine.handle(event, 0));
    expect(() => engine.handle(wrong, 1)).toThrow("another number of pieces");
    expect(lines.at(-1)).toBe('{"nowMs":1,"event":{"type":"storeOpened","stored":{"bits":4,"hex":"00"}}}');
  });
});
