import { assert, Bitfield, createPrng, type Prng } from "@piecewise/base";
import type { DownloadCommand } from "../download/commands.js";
import { createDownloadEngine, type DownloadEngine } from "../download/engine.js";
import type { DownloadEvent, Geometry, PeerRef, StreamRef } from "../download/events.js";
import { createTransferBudget, type TransferBudget } from "../download/transfer-budget.js";
import { PieceCursor, piecesOf } from "../piece-runs.js";
import { createSimulatedStore, type SimulatedStore } from "./simulated-store.js";

/** How one simulated peer behaves. */
export interface SimulatedPeer {
  readonly address: string;
  readonly bytesPerSecond: number;
  readonly latencyMs: number;
  /** Part of the pieces that it has, 0 to 1. */
  readonly share: number;
  /** Each of these is the probability of one misfortune, for every chunk, stream or dial. */
  readonly lies?: number;
  readonly violates?: number;
  readonly stalls?: number;
  readonly fails?: number;
  readonly busy?: number;
  readonly dialFails?: number;
  readonly disconnects?: number;
  readonly endsEarly?: number;
  readonly withholds?: number;
  /** Every second: offers one piece more, or withdraws one, or says that it is going away. */
  readonly changes?: number;
  readonly leaves?: number;
  readonly liesAboutManifest?: boolean;
}

export interface SwarmOptions {
  readonly seed: number;
  readonly geometry: Geometry;
  readonly peers: readonly SimulatedPeer[];
  readonly stored?: Bitfield;
  readonly peersMax?: number;
  readonly budget?: TransferBudget;
  readonly chunkBytes: number;
  /** How long it takes to hash a piece. Default: 1 to 5. */
  readonly verifyMs?: number;
  /** Where virtual time ends, in milliseconds. */
  readonly endMs: number;
  /** Called after every event with what the engine wanted done. */
  readonly check?: (swarm: Swarm, event: DownloadEvent, commands: readonly DownloadCommand[]) => void;
}

interface OpenStream {
  readonly peer: PeerRef;
  readonly command: Extract<DownloadCommand, { type: "openStream" }>;
  isGranted: boolean;
  readonly sending: PieceCursor;
  offset: number;
  remainingBytes: number;
}

interface Link {
  readonly address: string;
  readonly behaviour: SimulatedPeer;
  readonly generation: number;
  isConnected: boolean;
  /** Until when what it sends is on its way. */
  sendsUntilMs: number;
}

/** One engine and the world around it, on virtual time. The same options give the same course of events. */
export class Swarm {
  nowMs = 0;
  events = 0;
  readonly engine: DownloadEngine;
  readonly budget: TransferBudget;
  readonly store: SimulatedStore;
  readonly streams = new Map<StreamRef, OpenStream>();
  readonly links = new Map<PeerRef, Link>();
  readonly offered = new Map<string, Bitfield>();
  readonly banned = new Set<string>();
  readonly pieceCount: number;
  last: DownloadCommand | undefined;
  readonly #prng: Prng;
  readonly #queue: { atMs: number; order: number; run: () => void }[] = [];
  #order = 0;
  #generation = 0;

  constructor(readonly options: SwarmOptions) {
    const { geometry, seed, peers, peersMax } = options;
    this.pieceCount = Math.ceil(geometry.totalBytes / geometry.pieceLength);
    this.#prng = createPrng(seed);
    this.budget = options.budget ?? createTransferBudget();
    this.store = createSimulatedStore(this.pieceCount, (piece) => this.pieceBytes(piece), options.stored);
    for (const { address, share } of peers) this.offered.set(address, this.#someOf(share));
    this.engine = createDownloadEngine({
      prng: createPrng(seed + 1),
      budget: this.budget,
      givenAddresses: peers.map(({ address }) => address),
      hasTracker: false,
      sourceTimeoutMs: 0,
      peersMax,
    });
  }

  pieceBytes(piece: number): number {
    const { totalBytes, pieceLength } = this.options.geometry;
    return Math.min(pieceLength, totalBytes - piece * pieceLength);
  }

  /** When something happens next; Infinity if never or if all is over. */
  get nextMs(): number {
    if (this.last !== undefined) return Number.POSITIVE_INFINITY;
    return Math.max(this.nowMs, Math.min(this.#queue[0]?.atMs ?? Number.POSITIVE_INFINITY, this.engine.nextDeadlineMs));
  }

  start(): void {
    this.#tell({ type: "started" });
  }

  /** Lets the next thing happen. */
  step(): void {
    const next = this.#queue[0];
    this.nowMs = this.nextMs;
    if (next === undefined || this.engine.nextDeadlineMs < next.atMs) {
      this.#tell({ type: "deadlineReached" });
    } else {
      this.#pop();
      next.run();
    }
  }

  /** Runs until the engine has finished or failed, or time is up; returns its last command. */
  run(): DownloadCommand | undefined {
    this.start();
    while (this.nextMs < this.options.endMs) this.step();
    return this.last;
  }

  #tell(event: DownloadEvent): void {
    this.events += 1;
    const commands = this.engine.handle(event, this.nowMs);
    for (const command of commands) this.#obey(command, event);
    this.options.check?.(this, event, commands);
  }

  #obey(command: DownloadCommand, event: DownloadEvent): void {
    assert(this.last === undefined, "a command follows the last one");
    switch (command.type) {
      case "connectPeer":
        return this.#connect(command.peer, command.address);
      case "dropPeer":
      case "banPeer":
        if (command.type === "banPeer") this.banned.add(command.address);
        // The guilt of a peer may come to light when it is gone.
        assert(this.links.delete(command.peer) || command.type === "banPeer", "a peer is let go that was not dialled");
        for (const stream of this.streams.values()) assert(stream.peer !== command.peer, "a peer is let go before its streams");
        return;
      case "fetchManifest":
        return this.#later(this.#link(command.peer), 1, () => this.#manifest(command.peer));
      case "openStore":
        return this.#at(1, () => this.#tell({ type: "storeOpened", stored: this.store.stored.clone() }));
      case "openStream":
        return this.#open(command);
      case "cancelStream":
        assert(this.streams.delete(command.stream), "a stream is cancelled that is not open");
        return;
      case "keepChunk":
        assert(event.type === "chunkReceived" && event.piece === command.piece, "a chunk is kept that is not in hand");
        return this.store.append(command.piece, command.copy, command.peer, event.offset, event.bytes, this.#isBad(command.peer));
      case "verifyPiece":
        return this.#at(this.options.verifyMs ?? 1 + this.#prng.below(5), () => {
          const result = this.store.verify(command.piece, command.copy);
          if (result !== undefined) this.#tell(result);
        });
      case "storePiece":
        this.store.store(command.piece, command.copy);
        return this.#at(1 + this.#prng.below(5), () => this.#tell({ type: "pieceStored", piece: command.piece }));
      case "discardCopy":
        return this.store.discard(command.piece, command.copy);
      case "exchangePeers":
        return this.#later(this.#link(command.peer), 1, () => this.#tell({ type: "peersNotFound", source: "exchange" }));
      case "lookupPeers":
      case "creditPeer":
      case "reportBadPiece":
        return;
      case "finish":
      case "fail":
        this.last = command;
    }
  }

  #connect(peer: PeerRef, address: string): void {
    assert(!this.links.has(peer), "a peer is dialled twice");
    assert(!this.banned.has(address), "a banned peer is dialled");
    const behaviour = this.options.peers.find((candidate) => candidate.address === address)!;
    const link: Link = { address, behaviour, generation: this.#generation, isConnected: false, sendsUntilMs: 0 };
    this.#generation += 1;
    this.links.set(peer, link);
    this.#later(link, 1, () => {
      if (this.#chance(behaviour.dialFails)) {
        this.#tell({ type: "peerDisconnected", peer, code: "PEER_UNREACHABLE" });
        return;
      }
      link.isConnected = true;
      this.#heartbeat(peer, link);
      if (behaviour.changes !== undefined) this.#change(peer, link);
      this.#tell({ type: "peerConnected", peer, offered: this.offered.get(address)!.toBytes() });
    });
  }

  #heartbeat(peer: PeerRef, link: Link): void {
    this.#at(15_000, () => {
      if (this.links.get(peer) !== link) return;
      this.#heartbeat(peer, link);
      if (this.#chance(link.behaviour.disconnects)) this.#tell({ type: "peerDisconnected", peer, code: "PEER_UNREACHABLE" });
      else this.#tell({ type: "peerHeard", peer });
    });
  }

  #change(peer: PeerRef, link: Link): void {
    this.#at(1000, () => {
      if (this.links.get(peer) !== link) return;
      this.#change(peer, link);
      const first = this.#prng.below(this.pieceCount);
      const offered = this.offered.get(link.address)!;
      const isMore = this.#chance(0.8);
      if (this.#chance(link.behaviour.changes) && (isMore ? offered.add(first) : offered.delete(first))) {
        const news = [{ first, count: 1 }];
        this.#tell({ type: "peerOffers", peer, added: isMore ? news : [], withdrawn: isMore ? [] : news });
      }
      if (!this.#chance(link.behaviour.leaves)) return;
      this.#at(2000, () => {
        if (this.links.get(peer) === link) this.#tell({ type: "peerDisconnected", peer, code: "GOING_AWAY" });
      });
      if (this.links.get(peer) === link) this.#tell({ type: "peerGoingAway", peer });
    });
  }

  #manifest(peer: PeerRef): void {
    if (this.#link(peer).behaviour.liesAboutManifest === true) this.#tell({ type: "manifestFailed", peer, code: "MANIFEST_INVALID" });
    else this.#tell({ type: "manifestReceived", peer, geometry: this.options.geometry });
  }

  #open(command: OpenStream["command"]): void {
    const { stream: ref, peer, runs, offset, length } = command;
    const link = this.#link(peer);
    assert(link.isConnected, "a stream is opened to a peer that is not connected");
    let remainingBytes = length;
    if (length === 0) for (const piece of piecesOf(runs)) remainingBytes += this.pieceBytes(piece);
    const stream = { peer, command, isGranted: false, sending: new PieceCursor(runs), offset, remainingBytes };
    this.streams.set(ref, stream);
    this.#later(link, 1, () => {
      if (this.streams.get(ref) !== stream) return;
      if (this.#chance(link.behaviour.busy)) this.#fail(ref, { type: "streamFailed", stream: ref, code: "BUSY", retryAfterMs: 300 });
      else if (this.#chance(link.behaviour.withholds)) this.#fail(ref, { type: "streamFailed", stream: ref, code: "NOT_OFFERED" });
      else if (this.#chance(link.behaviour.fails)) this.#fail(ref, { type: "streamFailed", stream: ref, code: "REMOTE_FAILED" });
      else {
        stream.isGranted = true;
        this.#tell({ type: "streamGranted", stream: ref });
        this.#send(ref, stream, link);
      }
    });
  }

  #send(ref: StreamRef, stream: OpenStream, link: Link): void {
    if (this.streams.get(ref) !== stream || this.links.get(stream.peer) !== link || this.#chance(link.behaviour.stalls)) return;
    const bytes = Math.min(this.options.chunkBytes, stream.remainingBytes, this.pieceBytes(stream.sending.piece) - stream.offset);
    link.sendsUntilMs = Math.max(link.sendsUntilMs, this.nowMs) + (bytes / link.behaviour.bytesPerSecond) * 1000;
    this.#at(link.sendsUntilMs - this.nowMs, () => {
      if (this.streams.get(ref) !== stream || this.links.get(stream.peer) !== link) return;
      const { offset } = stream;
      const { piece } = stream.sending;
      stream.remainingBytes -= bytes;
      stream.offset += bytes;
      if (stream.offset === this.pieceBytes(piece)) {
        stream.sending.next();
        stream.offset = 0;
      }
      const wrong = this.#chance(link.behaviour.violates) ? 1 : 0;
      this.#tell({ type: "chunkReceived", stream: ref, piece, offset: offset + wrong, bytes });
      if (this.streams.get(ref) !== stream) return;
      const isOver = stream.remainingBytes === 0 || this.#chance(link.behaviour.endsEarly);
      if (isOver) this.#fail(ref, { type: "streamEnded", stream: ref });
      else this.#send(ref, stream, link);
    });
  }

  #fail(ref: StreamRef, event: DownloadEvent): void {
    this.streams.delete(ref);
    this.#tell(event);
  }

  #link(peer: PeerRef): Link {
    const link = this.links.get(peer);
    assert(link !== undefined, "a command names a peer that is not dialled");
    return link;
  }

  #isBad(peer: PeerRef): boolean {
    return this.#chance(this.#link(peer).behaviour.lies);
  }

  #chance(probability = 0): boolean {
    return probability > 0 && this.#prng.below(1_000_000) < probability * 1_000_000;
  }

  #someOf(share: number): Bitfield {
    const bits = Bitfield.create(this.pieceCount);
    for (let piece = 0; piece < this.pieceCount; piece += 1) if (share === 1 || this.#chance(share)) bits.add(piece);
    return bits;
  }

  /** After some round trips, if the connection still stands. */
  #later(link: Link, roundTrips: number, run: () => void): void {
    this.#at(link.behaviour.latencyMs * roundTrips, () => {
      for (const current of this.links.values()) if (current === link) return run();
    });
  }

  #at(inMs: number, run: () => void): void {
    this.#order += 1;
    const entry = { atMs: this.nowMs + inMs, order: this.#order, run };
    const queue = this.#queue;
    let i = queue.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(entry, queue[parent]!)) break;
      queue[i] = queue[parent]!;
      i = parent;
    }
    queue[i] = entry;
  }

  #pop(): void {
    const queue = this.#queue;
    const moved = queue.pop()!;
    if (queue.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= queue.length) break;
      if (child + 1 < queue.length && isBefore(queue[child + 1]!, queue[child]!)) child += 1;
      if (!isBefore(queue[child]!, moved)) break;
      queue[i] = queue[child]!;
      i = child;
    }
    queue[i] = moved;
  }
}

const isBefore = (a: { atMs: number; order: number }, b: { atMs: number; order: number }): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
