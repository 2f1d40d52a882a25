import { assert, Bitfield, createPrng, type Prng } from "@piecewise/base";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { PieceRange } from "../download/events.js";
import { NEWS_WINDOW_MS } from "./audience.js";
import type { UploadCommand } from "./commands.js";
import type { CallerFacts, UploadEvent } from "./events.js";
import { SENDS_AHEAD_MAX } from "./sending.js";
import { createUploadEngine, type UploadEngine } from "./upload-engine.js";
import { HEARTBEAT_MS } from "./watchers.js";

const LIMITS = {
  slotsMax: 5,
  anonymousSlots: 1,
  callerSlotsMax: 3,
  queueMax: 4,
  watchersMax: 6,
  callerWatchersMax: 2,
  networkQueueMax: 2,
  networkWatchersMax: 3,
  chunkBytes: 100_000,
};
const PIECES = 12;
const CALLERS = ["ann", "ben", "cat", "dan", "eve", "?x", "?y"];

interface Call {
  readonly key: string;
  readonly bytes: number;
  isGranted: boolean;
  drainedBytes: number;
  readonly sends: number[];
}

interface Watch {
  readonly key: string;
  view: Bitfield;
  toldAtMs: number;
  isBlocked: boolean;
}

const addressOf = (key: string): string => `${key}:4001`;

/** Three of them are behind one address. */
const networkOf = (key: string): string | undefined => (["ann", "ben", "?x"].includes(key) ? "crowd" : key === "cat" ? undefined : key);
const isInCrowd = (key: string): boolean => networkOf(key) === "crowd";
const callerOf = (key: string): CallerFacts => ({ key, isPeer: !key.startsWith("?"), address: addressOf(key), network: networkOf(key) });

const countOf = (calls: readonly Call[], matches: (key: string) => boolean): number => calls.filter((call) => matches(call.key)).length;

const piecesOf = (ranges: readonly PieceRange[]): number[] =>
  ranges.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));

/** Plays the shell: sends random facts at random times, runs the commands, and checks after every one what must always be true. */
class RandomShell {
  readonly engine: UploadEngine;
  readonly #random: Prng;
  readonly #held = Bitfield.create(PIECES, true);
  readonly #calls = new Map<number, Call>();
  readonly #watches = new Map<number, Watch>();
  /** Addresses of callers that are watched. */
  readonly #watched = new Set<string>();
  #nowMs = 0;
  #lastRef = 0;

  constructor(seed: number, bytesPerSecond: number | undefined) {
    this.#random = createPrng(seed);
    this.engine = createUploadEngine({ ...LIMITS, bytesPerSecond });
    this.#tell({ type: "contentAdded", content: "A", held: this.#held });
  }

  /** One random fact, after all deadlines on the way to it. */
  step(): void {
    this.#passTime(this.#random.below(4) === 0 ? this.#random.below(3000) : this.#random.below(60));
    const piece = this.#random.below(PIECES);
    const call = this.#pick(this.#calls);
    const watch = this.#pick(this.#watches);
    switch (this.#random.below(15)) {
      case 12: {
        const address = this.#anyWatched();
        if (address !== undefined && this.#watched.delete(address)) this.#tell({ type: "callerLost", content: "A", address });
        return;
      }
      case 13: {
        const address = this.#anyWatched();
        if (address !== undefined) this.#tell({ type: "callerOffers", content: "A", address, added: [{ first: piece, count: 1 + this.#random.below(3) }] });
        return;
      }
      case 14:
        this.#tell({ type: "peerGave", address: addressOf(CALLERS[this.#random.below(CALLERS.length)]!), bytes: 1 + this.#random.below(100_000) });
        return;
      case 0:
        if (this.#held.add(piece)) this.#tell({ type: "pieceStored", content: "A", piece });
        return;
      case 1:
        if (this.#random.below(3) === 0 && this.#held.delete(piece)) this.#tell({ type: "pieceLost", content: "A", piece });
        return;
      case 2:
        return this.#join();
      case 3:
        if (watch !== undefined && this.#random.below(4) === 0) this.#leave(watch[0]);
        else if (watch !== undefined) this.#toggleBlocked(watch);
        return;
      case 4:
        if (call !== undefined) this.#end(call[0]);
        return;
      case 5:
      case 6:
      case 7:
        return this.#request(piece);
      default:
        // Now and then a chunk ends early, with its piece.
        if (call !== undefined) this.#drainOne(call, this.#random.below(5) === 0);
    }
  }

  /** No more requests: everybody drains and leaves. Every call must come to its end, and every watcher to the truth. */
  finish(): void {
    for (let round = 0; this.#calls.size > 0; round += 1) {
      assert(round < 2_000, "every call ends");
      for (const call of this.#calls) while (call[1].sends.length > 0) this.#drainOne(call, false);
      for (const [ref, call] of this.#calls) if (call.isGranted && call.drainedBytes === call.bytes) this.#end(ref);
      if (this.#calls.size > 0) this.#passTime(1_000);
    }
    assert(this.engine.isIdle, "idle when every call has ended");
    for (const watch of this.#watches) if (watch[1].isBlocked) this.#toggleBlocked(watch);
    // Time for those who ask for nothing of what they are shown to be shown everything.
    this.#passTime(60_000);
    for (const { view } of this.#watches.values()) assert(`${view.toBytes()}` === `${this.#held.toBytes()}`, "every watcher knows the truth");
  }

  #passTime(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let wakes = 0; this.engine.nextDeadlineMs <= untilMs; wakes += 1) {
      assert(wakes < 1_000, "deadlines lead on");
      this.#nowMs = Math.max(this.#nowMs, this.engine.nextDeadlineMs);
      this.#tell({ type: "deadlineReached" });
    }
    this.#nowMs = untilMs;
  }

  #request(piece: number): void {
    this.#lastRef += 1;
    const key = CALLERS[this.#random.below(CALLERS.length)]!;
    const bytes = 1 + this.#random.below(400_000);
    const runs = [{ first: piece, count: 1 + this.#random.below(2) }];
    if (this.#random.below(3) === 0) runs.push({ first: this.#random.below(4), count: 1 });
    this.#calls.set(this.#lastRef, { key, bytes, isGranted: false, drainedBytes: 0, sends: [] });
    this.#tell({ type: "requestArrived", request: this.#lastRef, caller: callerOf(key), content: "A", runs, bytes });
  }

  #drainOne([request, call]: [number, Call], isEarly: boolean): void {
    const allowed = call.sends.shift();
    if (allowed === undefined) return;
    const bytes = isEarly ? Math.ceil(allowed / 2) : allowed;
    call.drainedBytes += bytes;
    this.#tell({ type: "chunkDrained", request, bytes });
  }

  #end(request: number): void {
    this.#calls.delete(request);
    this.#tell({ type: "requestEnded", request });
  }

  #join(): void {
    this.#lastRef += 1;
    const key = CALLERS[this.#random.below(CALLERS.length)]!;
    this.#watches.set(this.#lastRef, { key, view: Bitfield.create(PIECES), toldAtMs: this.#nowMs, isBlocked: false });
    this.#tell({ type: "watcherJoined", watcher: this.#lastRef, caller: callerOf(key), content: "A" });
  }

  #leave(watcher: number): void {
    this.#watches.delete(watcher);
    this.#tell({ type: "watcherLeft", watcher });
  }

  #toggleBlocked([watcher, watch]: [number, Watch]): void {
    watch.isBlocked = !watch.isBlocked;
    this.#tell({ type: watch.isBlocked ? "watcherBlocked" : "watcherDrained", watcher });
  }

  #tell(event: UploadEvent): void {
    for (const command of this.engine.handle(event, this.#nowMs)) this.#run(command);
    this.#check();
  }

  #run(command: UploadCommand): void {
    switch (command.type) {
      case "grant":
        assert(!this.#call(command.request).isGranted, "granted once");
        this.#call(command.request).isGranted = true;
        return;
      case "refuse":
        assert(!this.#call(command.request).isGranted, "refused before it was granted");
        assert((command.code === "BUSY") === (command.retryAfterMs !== undefined), "whoever finds us busy is told when to come back");
        this.#calls.delete(command.request);
        return;
      case "send":
        assert(this.#call(command.request).isGranted, "only granted calls send");
        this.#call(command.request).sends.push(command.bytesMax);
        return;
      case "stop":
        assert(this.#call(command.request).isGranted, "only granted calls are stopped");
        this.#calls.delete(command.request);
        return;
      case "offerFirst":
        this.#watch(command.watcher).view = Bitfield.fromBytes(PIECES, command.offered)!;
        return;
      case "offerNews": {
        const watch = this.#watch(command.watcher);
        assert(!watch.isBlocked, "nothing is said to a blocked watcher");
        assert(this.#nowMs - watch.toldAtMs >= NEWS_WINDOW_MS, "one message in a window");
        for (const piece of piecesOf(command.added)) watch.view.add(piece);
        for (const piece of piecesOf(command.withdrawn)) watch.view.delete(piece);
        watch.toldAtMs = this.#nowMs;
        return;
      }
      case "watchCaller":
        assert(!this.#watched.has(command.address), "watched once");
        this.#watched.add(command.address);
        return;
      case "unwatchCaller":
        assert(this.#watched.delete(command.address), "a watch ends once");
        return;
      case "refuseWatcher":
      case "stopWatcher":
        assert(this.#watches.delete(command.watcher), "the watcher was there");
    }
  }

  #anyWatched(): string | undefined {
    return this.#watched.size === 0 ? undefined : [...this.#watched][this.#random.below(this.#watched.size)];
  }

  #check(): void {
    const granted = [...this.#calls.values()].filter((call) => call.isGranted);
    const waiting = [...this.#calls.values()].filter((call) => !call.isGranted);
    const stats = this.engine.stats();
    assert(stats.slotsTaken === granted.length && stats.queueLength === waiting.length, "the engine counts right");
    assert(stats.watchers === this.#watches.size, "the engine counts watchers right");
    assert(granted.length <= LIMITS.slotsMax, "slots");
    assert(countOf(granted, (key) => !key.startsWith("?")) <= LIMITS.slotsMax - LIMITS.anonymousSlots, "the share of plain clients");
    assert(waiting.length <= LIMITS.queueMax, "the queue");
    assert(this.#watches.size <= LIMITS.watchersMax, "watchers");
    assert(countOf(waiting, isInCrowd) <= LIMITS.networkQueueMax, "the queue of one network");
    assert([...this.#watches.values()].filter(({ key }) => isInCrowd(key)).length <= LIMITS.networkWatchersMax, "watchers of one network");
    for (const caller of CALLERS) {
      assert(countOf(granted, (key) => key === caller) <= LIMITS.callerSlotsMax, "slots of one caller");
      assert(countOf(waiting, (key) => key === caller) <= 1, "one waiting request for each caller");
    }
    for (const call of granted) {
      const aheadBytes = call.sends.reduce((sum, bytes) => sum + bytes, 0);
      assert(call.sends.length <= SENDS_AHEAD_MAX && call.drainedBytes + aheadBytes <= call.bytes, "no more is allowed than was asked for");
    }
    for (const watch of this.#watches.values()) {
      assert(watch.isBlocked || this.#nowMs - watch.toldAtMs <= HEARTBEAT_MS, "a heartbeat in time");
    }
  }

  #pick<T>(map: ReadonlyMap<number, T>): [number, T] | undefined {
    return [...map][this.#random.below(Math.max(1, map.size))];
  }

  #call(ref: number): Call {
    assert(this.#calls.has(ref), `request ${ref} is alive`);
    return this.#calls.get(ref)!;
  }

  #watch(ref: number): Watch {
    assert(this.#watches.has(ref), `watcher ${ref} is alive`);
    return this.#watches.get(ref)!;
  }
}

test("whatever happens, limits hold, every call ends, every watcher learns the truth", () => {
  const property = fc.property(fc.nat(), fc.constantFrom(undefined, 50_000_000, 200_000, 3_000), (seed, bytesPerSecond) => {
    const shell = new RandomShell(seed, bytesPerSecond);
    for (let i = 0; i < 250; i += 1) shell.step();
    shell.finish();
  });
  expect(() => fc.assert(property, { numRuns: 60 })).not.toThrow();
});
