import { Bitfield } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import type { UploadEvent } from "./events.js";
import { createUploadEngine } from "./upload-engine.js";
import { UPLOAD_CHUNK_BYTES_MIN } from "./upload-options.js";

/** Greedy callers, each with some streams, that take every chunk at once. Returns what each got in `ms`. */
function run(bytesPerSecond: number, streams: readonly number[], bytesPerCall: number, ms: number) {
  const engine = createUploadEngine({ bytesPerSecond });
  const got = streams.map(() => 0);
  const owners = new Map<number, { readonly caller: number; leftBytes: number }>();
  const sent: { atMs: number; bytes: number }[] = [];
  const queue: UploadEvent[] = [{ type: "contentAdded", content: "A", held: Bitfield.create(8, true) }];
  let lastRef = 0;
  const ask = (caller: number): void => {
    lastRef += 1;
    owners.set(lastRef, { caller, leftBytes: bytesPerCall });
    const facts = { key: `caller ${caller}`, isPeer: true, address: undefined, network: undefined };
    queue.push({ type: "requestArrived", request: lastRef, caller: facts, content: "A", runs: [{ first: 0, count: 1 }], bytes: bytesPerCall });
  };
  streams.forEach((count, caller) => Array.from({ length: count }, () => ask(caller)));
  for (let nowMs = 0; nowMs <= ms; nowMs = Math.max(nowMs, engine.nextDeadlineMs)) {
    for (let event: UploadEvent = queue.shift() ?? { type: "deadlineReached" }; ; event = queue.shift()!) {
      for (const command of engine.handle(event, nowMs)) {
        if (command.type !== "send") continue;
        const owner = owners.get(command.request)!;
        got[owner.caller]! += command.bytesMax;
        owner.leftBytes -= command.bytesMax;
        sent.push({ atMs: nowMs, bytes: command.bytesMax });
        queue.push({ type: "chunkDrained", request: command.request, bytes: command.bytesMax });
        if (owner.leftBytes > 0) continue;
        queue.push({ type: "requestEnded", request: command.request });
        ask(owner.caller);
      }
      if (queue.length === 0) break;
    }
  }
  return { got, sent };
}

describe("under a rate limit", () => {
  test.each([
    { name: "long calls, one stream each", streams: [1, 1, 1], bytesPerCall: 100_000_000 },
    { name: "one caller with more streams", streams: [4, 1, 2], bytesPerCall: 100_000_000 },
    { name: "calls of a chunk or two, each followed by a new one", streams: [1, 2, 3], bytesPerCall: 150_000 },
  ])("callers get equal shares and the rate is used: $name", ({ streams, bytesPerCall }) => {
    const { got } = run(1_000_000, streams, bytesPerCall, 60_000);
    const sum = got.reduce((total, bytes) => total + bytes, 0);
    expect(sum).toBeGreaterThan(59_000_000);
    for (const bytes of got) expect(bytes / sum).toBeCloseTo(1 / got.length, 1);
  });

  test("a caller with short calls does not displace one with a long call", () => {
    const long = run(1_000_000, [1, 1], 100_000_000, 30_000).got[0]!;
    expect(long).toBeGreaterThan(14_000_000);
  });

  test.each([500, 30_000, 1_000_000, 777_777_777])("in any span of time no more than %d bytes a second, and one burst", (bytesPerSecond) => {
    const { sent } = run(bytesPerSecond, [3, 1], 10_000_000, 20_000);
    let excessBytes = 0;
    let excessBytesMax = 0;
    let lastMs = 0;
    for (const { atMs, bytes } of sent) {
      excessBytes = Math.max(0, excessBytes - ((atMs - lastMs) / 1000) * bytesPerSecond) + bytes;
      excessBytesMax = Math.max(excessBytesMax, excessBytes);
      lastMs = atMs;
    }
    expect(excessBytesMax).toBeGreaterThan(0);
    expect(excessBytesMax).toBeLessThanOrEqual(Math.max(UPLOAD_CHUNK_BYTES_MIN, bytesPerSecond / 10) + 1);
  });
});
