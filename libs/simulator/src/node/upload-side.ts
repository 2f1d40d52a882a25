import type { ErrorCode } from "@piecewise/base";
import { createUploadEngine, type CallerFacts, type LoadFacts, type RequestRef, type UploadCommand, type UploadEngine, type UploadEvent, type WatcherRef } from "@piecewise/piece-engine";
import { BrainTimer } from "../clock/brain-timer.js";
import { CallerWatches } from "./caller-watches.js";
import type { Connection, PieceStream } from "./connection.js";
import { ServedRequest } from "./served-request.js";
import type { SimulatedNode } from "./simulated-node.js";

/** Which swarm it is matters to nobody: there is one. */
export const CONTENT_ID = `sha256:${"5".repeat(64)}`;
/** What a peer that is busy for ever says. */
const ALWAYS_BUSY_RETRY_MS = 100;

/** The upload brain of one process and its hands. */
export class UploadSide {
  readonly engine: UploadEngine;
  readonly connections = new Set<Connection>();
  readonly #requests = new Map<RequestRef, ServedRequest>();
  readonly #watches = new Map<WatcherRef, Connection>();
  readonly #events: UploadEvent[] = [];
  readonly #timer: BrainTimer;
  readonly #callerWatches: CallerWatches;
  #isRunning = false;
  #nextRef = 1;
  #isOver = false;
  #hasJoined = false;

  constructor(readonly node: SimulatedNode) {
    this.engine = node.world.wrapUploadEngine(createUploadEngine({ bytesPerSecond: node.setup.uploadLimit, firstDealt: node.takeSeed() }));
    this.#callerWatches = new CallerWatches(node, CONTENT_ID, (event) => this.tell(event));
    this.#timer = new BrainTimer(node.world.queue, () => this.tell({ type: "deadlineReached" }));
  }

  /** The content is here from now on, as much of it as is held. */
  join(): void {
    const { setup, disk, world } = this.node;
    if (setup.behaviour === "rides-free") return;
    this.#hasJoined = true;
    const held = disk.stored.clone();
    // A brain deals out only what it held from the beginning, so another one is told that it lacked a piece then.
    const last = held.isFull && !world.policies.seedsDeal ? held.length - 1 : undefined;
    if (last !== undefined) held.delete(last);
    this.tell({ type: "contentAdded", content: CONTENT_ID, held });
    if (last !== undefined) this.pieceStored(last);
  }

  pieceStored(piece: number): void {
    this.tell({ type: "pieceStored", content: CONTENT_ID, piece });
  }

  /** A client asks for news. */
  watch(connection: Connection): void {
    if (!this.#isMet(connection)) return connection.refuse("CONTENT_NOT_FOUND");
    const watcher = this.#takeRef();
    connection.watcher = watcher;
    this.#watches.set(watcher, connection);
    return this.tell({ type: "watcherJoined", watcher, caller: callerOf(connection), content: CONTENT_ID });
  }

  /** A client asks for a piece, or a run or a part. */
  serve(connection: Connection, stream: PieceStream): void {
    const refusal = this.#isMet(connection) ? this.#hostileRefusal() : "CONTENT_NOT_FOUND";
    if (refusal !== undefined) {
      connection.tellClient({ type: "streamFailed", stream: stream.ref, code: refusal, retryAfterMs: ALWAYS_BUSY_RETRY_MS });
      return;
    }
    const request = this.#takeRef();
    stream.request = request;
    this.#requests.set(request, new ServedRequest(request, connection, stream, this));
    const { runs, bytes } = stream;
    this.tell({ type: "requestArrived", request, caller: callerOf(connection), content: CONTENT_ID, runs, bytes });
  }

  /** Addresses that a client is told. */
  exchange(connection: Connection): readonly string[] | undefined {
    return this.#isMet(connection) ? this.node.samplePeers(connection.clientNode.host.address) : undefined;
  }

  hasManifestFor(connection: Connection): boolean {
    return this.#isMet(connection);
  }

  /** The client does not want it any more. */
  cancel(stream: PieceStream): void {
    if (stream.request !== undefined) this.#requests.get(stream.request)?.end();
  }

  /** A chunk of a stream has left. */
  chunkSent(stream: PieceStream): void {
    if (stream.request !== undefined) this.#requests.get(stream.request)?.sent();
  }

  connectionLost(connection: Connection): void {
    this.connections.delete(connection);
    const { watcher } = connection;
    if (watcher !== undefined && this.#watches.delete(watcher)) this.tell({ type: "watcherLeft", watcher });
    for (const request of this.#requests.values()) if (request.connection === connection) request.end();
  }

  /** The process is gone; who is connected hears of it unless the machine went with it. */
  crash(isHeard: boolean): void {
    this.#isOver = true;
    this.#callerWatches.crash(isHeard);
    for (const connection of this.connections) {
      if (isHeard) connection.refuse("PEER_UNREACHABLE");
      connection.closeByServer(this);
    }
  }

  /** A call is over, for whatever reason. */
  requestEnded(request: ServedRequest): void {
    this.#requests.delete(request.ref);
    this.tell({ type: "requestEnded", request: request.ref });
  }

  /** Events that arise while commands run wait their turn: the brain sees one at a time. */
  tell(event: UploadEvent): void {
    this.#events.push(event);
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let next = this.#events.shift(); next !== undefined && !this.#isOver; next = this.#events.shift()) {
      const commands = this.engine.handle(next, this.node.world.queue.nowMs);
      this.node.world.observer.upload(this.node, next, commands);
      for (const command of commands) this.#run(command);
    }
    this.#isRunning = false;
    if (!this.#isOver) this.#timer.arm(this.engine.nextDeadlineMs);
  }

  #run(command: UploadCommand): void {
    switch (command.type) {
      case "grant":
        return this.#requests.get(command.request)?.grant();
      case "send":
        return this.#requests.get(command.request)?.send(command.bytesMax);
      case "refuse":
      case "stop":
        return this.#requests.get(command.request)?.end(command.code, command.retryAfterMs);
      case "offerFirst":
        return this.#offerFirst(command.watcher, command.offered, command.load);
      case "offerNews":
        return this.#offerNews(command);
      case "refuseWatcher":
        return this.#endWatch(command.watcher, command.code, command.retryAfterMs);
      case "watchCaller":
        return this.#callerWatches.watch(command.address);
      case "unwatchCaller":
        return this.#callerWatches.unwatch(command.address);
      case "stopWatcher":
        return this.#endWatch(command.watcher, command.code);
    }
  }

  #offerFirst(watcher: WatcherRef, offered: Uint8Array, load: LoadFacts): void {
    const connection = this.#watches.get(watcher);
    connection?.toClient((client) => {
      client.node.met(this.node.host.address);
      client.tell({ type: "peerConnected", peer: connection.peer, offered });
      client.tell(loadEvent(connection.peer, load));
    });
  }

  #offerNews({ watcher, added, withdrawn, load, goingAway }: Extract<UploadCommand, { type: "offerNews" }>): void {
    const connection = this.#watches.get(watcher);
    if (connection === undefined) return;
    const { peer } = connection;
    connection.toClient((client) => {
      if (goingAway !== true) client.node.met(this.node.host.address);
      const hasNews = added.length > 0 || withdrawn.length > 0;
      if (hasNews) client.tell({ type: "peerOffers", peer, added, withdrawn });
      if (load !== undefined) client.tell(loadEvent(peer, load));
      if (goingAway === true) client.tell({ type: "peerGoingAway", peer });
      if (!hasNews && load === undefined && goingAway !== true) client.tell({ type: "peerHeard", peer });
    });
  }

  #endWatch(watcher: WatcherRef, code: ErrorCode, retryAfterMs?: number): void {
    const connection = this.#watches.get(watcher);
    this.#watches.delete(watcher);
    connection?.refuse(code, retryAfterMs);
  }

  /** Takes note of a caller; false if there is nothing here for it. */
  #isMet(connection: Connection): boolean {
    if (!this.#hasJoined) return false;
    this.node.called(connection.clientNode.host.address);
    return true;
  }

  #hostileRefusal(): ErrorCode | undefined {
    const { behaviour } = this.node.setup;
    if (behaviour === "lies") return "NOT_OFFERED";
    return behaviour === "always-busy" ? "BUSY" : undefined;
  }

  #takeRef(): number {
    this.#nextRef += 1;
    return this.#nextRef;
  }
}

const callerOf = ({ clientNode }: Connection): CallerFacts => ({ key: clientNode.callerKey, isPeer: true, address: clientNode.host.address, network: undefined });

const loadEvent = (peer: number, load: LoadFacts) =>
  ({ type: "peerLoadChanged", peer, slotsFree: Math.max(0, load.slotsMax - load.slotsTaken), queueLength: load.queueLength }) as const;
