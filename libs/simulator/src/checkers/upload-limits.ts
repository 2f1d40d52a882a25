import {
  CALLER_WATCHES_MAX,
  type RequestRef,
  SENDS_AHEAD_MAX,
  UPLOAD_CALLER_SLOTS_MAX,
  UPLOAD_QUEUE_MAX,
  UPLOAD_SLOTS_MAX,
  UPLOAD_WATCHERS_MAX,
  type UploadCommand,
  type UploadEvent,
  type WatcherRef,
} from "@piecewise/piece-engine";
import type { SimulatedNode } from "../node/simulated-node.js";
import type { Simulation } from "../simulation.js";
import { type Checker, CheckFailed } from "./checker.js";
import { ProcessState } from "./process-state.js";

interface Granted {
  readonly caller: string;
  /** Sends that are not drained. */
  ahead: number;
}

interface Taken {
  /** Who asked, by request that is neither granted nor refused. */
  readonly waiting: Map<RequestRef, string>;
  readonly granted: Map<RequestRef, Granted>;
  /** Slots by caller. */
  readonly slots: Map<string, number>;
  readonly watchers: Set<WatcherRef>;
  callerWatches: number;
}

/** Whom an upload brain serves, lets wait and watches stays within its named maxima. */
export class UploadLimits implements Checker {
  readonly name = "upload-limits";
  readonly #taken = new ProcessState(
    ({ uploads }) => uploads,
    (): Taken => ({ waiting: new Map(), granted: new Map(), slots: new Map(), watchers: new Set(), callerWatches: 0 }),
  );

  upload(node: SimulatedNode, event: UploadEvent, commands: readonly UploadCommand[]): void {
    const taken = this.#taken.of(node);
    this.#note(taken, event);
    for (const command of commands) this.#apply(node, taken, command);
    if (event.type === "requestArrived") this.#expect(node, "waiting requests", taken.waiting.size, UPLOAD_QUEUE_MAX);
    if (event.type === "watcherJoined") this.#expect(node, "watchers", taken.watchers.size, UPLOAD_WATCHERS_MAX);
  }

  /** What is counted here is what there is. */
  scan({ nodes }: Simulation): void {
    for (const node of nodes) {
      if (node.uploads === undefined) continue;
      const { waiting, granted, watchers } = this.#taken.of(node);
      const stats = node.uploads.engine.stats();
      this.#expectSame(node, "waiting requests", waiting.size, stats.queueLength);
      this.#expectSame(node, "granted requests", granted.size, stats.slotsTaken);
      this.#expectSame(node, "watchers", watchers.size, stats.watchers);
    }
  }

  #note(taken: Taken, event: UploadEvent): void {
    if (event.type === "requestArrived") taken.waiting.set(event.request, event.caller.key);
    else if (event.type === "requestEnded") this.#over(taken, event.request);
    else if (event.type === "watcherJoined") taken.watchers.add(event.watcher);
    else if (event.type === "watcherLeft") taken.watchers.delete(event.watcher);
    else if (event.type === "callerLost") taken.callerWatches -= 1;
    else if (event.type === "chunkDrained") {
      const granted = taken.granted.get(event.request);
      if (granted !== undefined) granted.ahead -= 1;
    }
  }

  #apply(node: SimulatedNode, taken: Taken, command: UploadCommand): void {
    if (command.type === "send") {
      const granted = taken.granted.get(command.request)!;
      granted.ahead += 1;
      this.#expect(node, "sends ahead", granted.ahead, SENDS_AHEAD_MAX);
    } else if (command.type === "grant") {
      this.#granted(node, taken, command.request);
    } else if (command.type === "refuse" || command.type === "stop") {
      this.#over(taken, command.request);
    } else if (command.type === "refuseWatcher" || command.type === "stopWatcher") {
      taken.watchers.delete(command.watcher);
    } else if (command.type === "watchCaller") {
      taken.callerWatches += 1;
      this.#expect(node, "callers watched", taken.callerWatches, CALLER_WATCHES_MAX);
    } else if (command.type === "unwatchCaller") {
      taken.callerWatches -= 1;
    }
  }

  #granted(node: SimulatedNode, taken: Taken, request: RequestRef): void {
    const caller = taken.waiting.get(request);
    if (caller === undefined) throw new CheckFailed(this.name, node, "a request is granted that does not wait");
    taken.waiting.delete(request);
    taken.granted.set(request, { caller, ahead: 0 });
    const slots = (taken.slots.get(caller) ?? 0) + 1;
    taken.slots.set(caller, slots);
    this.#expect(node, "slots", taken.granted.size, UPLOAD_SLOTS_MAX);
    this.#expect(node, "slots of one caller", slots, UPLOAD_CALLER_SLOTS_MAX);
  }

  #over({ waiting, granted, slots }: Taken, request: RequestRef): void {
    waiting.delete(request);
    const over = granted.get(request);
    if (over === undefined) return;
    granted.delete(request);
    slots.set(over.caller, slots.get(over.caller)! - 1);
  }

  #expect(node: SimulatedNode, what: string, count: number, countMax: number): void {
    if (count > countMax) throw new CheckFailed(this.name, node, `${count} ${what} where at most ${countMax} are allowed`);
  }

  #expectSame(node: SimulatedNode, what: string, counted: number, count: number): void {
    if (counted !== count) throw new CheckFailed(this.name, node, `${counted} ${what} are counted where the brain has ${count}`);
  }
}
