import { Bitfield, IntegrityError, type PiecewiseError, silentLogger } from "@piecewise/base";
import type { UploadCommand, UploadEngine, UploadEvent } from "@piecewise/piece-engine";
import { describe, expect, test } from "vitest";
import { CallerWatches } from "./caller-watches.js";
import { fakeContent, testFile } from "./testing/fake-content.js";
import { FakeWriter } from "./testing/fake-writer.js";
import { until } from "./testing/until.js";
import { UploadLoop, type WatchWriter } from "./upload-loop.js";

const content = fakeContent(testFile(350, 100));
const selection = { runs: [{ first: 0, count: 1 }], offset: 0, bytes: 100 };
const caller = { key: "somebody", isPeer: true, address: undefined, network: undefined };
const load = { slotsTaken: 1, slotsMax: 16, queueLength: 0 };
const never = (): AbortSignal => new AbortController().signal;

/** A brain that answers as the test says, and notes what it hears. */
class FakeEngine implements UploadEngine {
  readonly heard: UploadEvent[] = [];
  nextDeadlineMs = Number.POSITIVE_INFINITY;
  answer: (event: UploadEvent) => readonly UploadCommand[] = () => [];
  readonly isIdle = true;

  handle(event: UploadEvent): readonly UploadCommand[] {
    this.heard.push(event);
    return this.answer(event);
  }

  stats() {
    return { slotsTaken: 0, queueLength: 0, watchers: 0, sentBytes: new Map<string, number>() };
  }

  get heardTypes(): string[] {
    return this.heard.map(({ type }) => type);
  }
}

function createLoop(answer?: FakeEngine["answer"]) {
  const engine = new FakeEngine();
  if (answer !== undefined) engine.answer = answer;
  return { engine, loop: new UploadLoop(engine, () => 0, silentLogger, new CallerWatches(new Uint8Array(16))) };
}

/** The error that a call ends with, undefined if it ends well. */
const endOf = (call: Promise<void>): Promise<PiecewiseError | undefined> =>
  call.then(
    () => undefined,
    (error: PiecewiseError) => error,
  );

type Watched = Parameters<WatchWriter["write"]>[0];

describe("a GetPiece call", () => {
  test("is told to the brain, granted, sent and ended", async () => {
    const { engine, loop } = createLoop((event) => {
      if (event.type !== "requestArrived") return [];
      return [{ type: "grant", request: event.request }, ...[60, 60].map((bytesMax) => ({ type: "send" as const, request: event.request, bytesMax }))];
    });
    const writer = new FakeWriter();
    await loop.serve(content, selection, caller, writer, never());
    expect(engine.heard).toMatchObject([
      { type: "requestArrived", caller, content: content.contentId, runs: [{ first: 0, count: 1 }], bytes: 100 },
      { type: "chunkDrained", bytes: 60 },
      { type: "chunkDrained", bytes: 40 },
      { type: "requestEnded" },
    ]);
    expect([writer.headersSent, writer.messages.length]).toEqual([1, 2]);
  });

  test("is refused with the code and the advice of the brain", async () => {
    const { loop } = createLoop((event) =>
      event.type === "requestArrived" ? [{ type: "refuse", request: event.request, code: "BUSY", retryAfterMs: 700 }] : [],
    );
    const error = await endOf(loop.serve(content, selection, caller, new FakeWriter(), never()));
    expect(error).toMatchObject({ code: "BUSY", retryAfterMs: 700, message: expect.stringContaining("try again") });
  });

  test("that is too slow is stopped", async () => {
    const { loop } = createLoop((event) => (event.type === "requestArrived" ? [{ type: "stop", request: event.request, code: "TOO_SLOW" }] : []));
    expect(await endOf(loop.serve(content, selection, caller, new FakeWriter(), never()))).toMatchObject({ code: "TOO_SLOW" });
  });

  test("of a caller that leaves, or has left before, is over", async () => {
    const { engine, loop } = createLoop();
    const leaving = new AbortController();
    const call = loop.serve(content, selection, caller, new FakeWriter(), leaving.signal);
    leaving.abort();
    await call;
    await loop.serve(content, selection, caller, new FakeWriter(), AbortSignal.abort());
    expect(engine.heardTypes).toEqual(["requestArrived", "requestEnded"]);
  });

  test("of a piece that is found damaged has it withdrawn", async () => {
    const held = Bitfield.create(4);
    const { engine, loop } = createLoop((event) => (event.type === "requestArrived" ? [{ type: "send", request: event.request, bytesMax: 100 }] : []));
    const damaged = fakeContent(testFile(350, 100), { held, prepare: () => Promise.reject(new IntegrityError("PIECE_DAMAGED", "it has changed")) });
    const error = await endOf(loop.serve(damaged, selection, caller, new FakeWriter(), never()));
    expect(error).toMatchObject({ code: "PIECE_DAMAGED" });
    expect(engine.heard).toContainEqual({ type: "pieceLost", content: content.contentId, piece: 0 });
  });
});

/** A watcher that joins and is told the whole offer. */
function join(writer: FakeWriter<Watched>, signal = never()) {
  const { engine, loop } = createLoop((event) =>
    event.type === "watcherJoined" ? [{ type: "offerFirst", watcher: event.watcher, offered: Uint8Array.of(0xe0), load }] : [],
  );
  return { engine, loop, ended: endOf(loop.watch(content.contentId, caller, writer, signal)) };
}

const newsOf = (piece: number): UploadCommand => ({ type: "offerNews", watcher: 1, added: [{ first: piece, count: 1 }], withdrawn: [] });

describe("a WatchPieces call", () => {
  test("hears what the brain says", () => {
    const writer = new FakeWriter<Watched>();
    const { engine, loop } = join(writer);
    engine.answer = () => [{ type: "offerNews", watcher: 1, added: [{ first: 2, count: 1 }], withdrawn: [{ first: 0, count: 2 }], load, goingAway: true }];
    loop.pieceStored(content.contentId, 2);
    expect(writer.messages).toEqual([
      { offered: Uint8Array.of(0xe0), load },
      { added: [{ first: 2, count: 1 }], withdrawn: [{ first: 0, count: 2 }], load, goingAway: true },
    ]);
  });

  test("that does not read is held back until it has", async () => {
    const writer = new FakeWriter<Watched>();
    writer.room = 2;
    const { engine, loop } = join(writer);
    expect(engine.heardTypes).toEqual(["watcherJoined"]);
    engine.answer = (event) => (event.type === "pieceStored" ? [newsOf(event.piece)] : []);
    loop.pieceStored(content.contentId, 1);
    expect(engine.heardTypes.slice(1)).toEqual(["pieceStored", "watcherBlocked"]);
    await Promise.resolve();
    expect(engine.heardTypes.slice(3)).toEqual([]);
    writer.drain();
    await until(() => engine.heard.length === 4);
    expect(engine.heardTypes[3]).toBe("watcherDrained");
  });

  test("ends once, with the code of the brain", async () => {
    const { engine, loop, ended } = join(new FakeWriter<Watched>());
    engine.answer = (event) => (event.type === "contentRemoved" ? [{ type: "stopWatcher", watcher: 1, code: "CONTENT_NOT_FOUND" }] : []);
    loop.contentRemoved(content.contentId);
    expect(await ended).toMatchObject({ code: "CONTENT_NOT_FOUND" });
    expect(engine.heardTypes).toEqual(["watcherJoined", "contentRemoved", "watcherLeft"]);
    loop.close();
    expect(engine.heardTypes).toHaveLength(3);
  });

  test("of a caller that leaves, or has left before, is over", async () => {
    const leaving = new AbortController();
    const { engine, ended } = join(new FakeWriter<Watched>(), leaving.signal);
    leaving.abort();
    expect(await ended).toBeUndefined();
    expect(engine.heardTypes).toEqual(["watcherJoined", "watcherLeft"]);
    const late = join(new FakeWriter<Watched>(), AbortSignal.abort());
    expect(await late.ended).toBeUndefined();
    expect(late.engine.heardTypes).toEqual([]);
  });

  test("may be refused", async () => {
    const { engine, loop } = createLoop();
    engine.answer = (event) =>
      event.type === "watcherJoined" ? [{ type: "refuseWatcher", watcher: event.watcher, code: "BUSY", retryAfterMs: 5_000 }] : [];
    const ended = endOf(loop.watch(content.contentId, caller, new FakeWriter<Watched>(), never()));
    expect(await ended).toMatchObject({ code: "BUSY", retryAfterMs: 5_000 });
  });
});

describe("the loop", () => {
  test("an event that arises while commands run waits until they have run", async () => {
    const log: string[] = [];
    const { engine, loop } = createLoop();
    engine.answer = (event) => {
      log.push(event.type);
      if (event.type !== "pieceLost") return [];
      return [
        { type: "refuse", request: 1, code: "NOT_OFFERED" },
        { type: "offerNews", watcher: 2, added: [], withdrawn: [{ first: 0, count: 1 }] },
      ];
    };
    const call = endOf(loop.serve(content, selection, caller, new FakeWriter(), never()));
    const writer = new FakeWriter<Watched>();
    const write = writer.write.bind(writer);
    writer.write = (message) => {
      log.push("news is written");
      return write(message);
    };
    void loop.watch(content.contentId, caller, writer, never());
    loop.pieceLost(content.contentId, 0);
    await call;
    expect(log).toEqual(["requestArrived", "watcherJoined", "pieceLost", "news is written", "requestEnded"]);
  });

  test("the brain is woken at its deadline", async () => {
    const { engine, loop } = createLoop();
    engine.nextDeadlineMs = 1;
    engine.answer = (event) => {
      if (event.type === "deadlineReached") engine.nextDeadlineMs = Number.POSITIVE_INFINITY;
      return [];
    };
    loop.pieceStored(content.contentId, 0);
    await until(() => engine.heard.length === 2);
    expect(engine.heardTypes).toEqual(["pieceStored", "deadlineReached"]);
  });

  test("is drained when the last transfer is over, and closes what is left", async () => {
    const { engine, loop } = createLoop();
    const leaving = new AbortController();
    const transfer = loop.serve(content, selection, caller, new FakeWriter(), leaving.signal);
    const watch = endOf(loop.watch(content.contentId, caller, new FakeWriter<Watched>(), never()));
    let isDrained = false;
    const drained = loop.drain().then(() => (isDrained = true));
    await Promise.resolve();
    expect([engine.heardTypes.at(-1), isDrained]).toEqual(["drainStarted", false]);
    leaving.abort();
    await Promise.all([transfer, drained]);

    const late = endOf(loop.serve(content, selection, caller, new FakeWriter(), never()));
    loop.close();
    expect([(await watch)?.code, (await late)?.code]).toEqual(["GOING_AWAY", "GOING_AWAY"]);
  });

  test("with nothing in flight is drained at once", async () => {
    const { loop } = createLoop();
    await expect(loop.drain()).resolves.toBeUndefined();
  });
});
