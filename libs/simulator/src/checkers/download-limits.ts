import {
  DIALS_AT_ONCE_MAX,
  type DownloadCommand,
  type DownloadEvent,
  IN_FLIGHT_BYTES_MAX_DEFAULT,
  type PeerRef,
  RUN_BYTES_MAX,
  RUNS_PER_STREAM_MAX,
  type StreamRef,
  STREAMS_PER_SOURCE_MAX,
  WINDOW_BYTES_MAX,
} from "@piecewise/piece-engine";
import type { SimulatedNode } from "../node/simulated-node.js";
import type { Simulation } from "../simulation.js";
import { type Checker, CheckFailed } from "./checker.js";
import { ProcessState } from "./process-state.js";

/** A peer that was dialled and not let go. */
interface Peer {
  isDialling: boolean;
  streams: number;
  /** Bytes asked for that did not come. */
  askedBytes: number;
}

interface Stream {
  readonly peer: PeerRef;
  leftBytes: number;
}

interface Taken {
  readonly peers: Map<PeerRef, Peer>;
  readonly streams: Map<StreamRef, Stream>;
  /** Peers of which a piece was verified. */
  readonly proved: Set<PeerRef>;
  dials: number;
}

/** What a download brain asks for, and of how many, stays within its named maxima. */
export class DownloadLimits implements Checker {
  readonly name = "download-limits";
  readonly #taken = new ProcessState(
    ({ downloads }) => downloads,
    (): Taken => ({ peers: new Map(), streams: new Map(), proved: new Set(), dials: 0 }),
  );

  download(node: SimulatedNode, event: DownloadEvent, commands: readonly DownloadCommand[]): void {
    const taken = this.#taken.of(node);
    this.#note(node, taken, event);
    for (const command of commands) this.#apply(node, taken, command);
    if (commands.length === 0) return;
    // One piece may go beyond it when no stream is open, so that pieces larger than the limit still move.
    this.#expect(node, "bytes in flight", node.downloads!.budget.inFlightBytes, IN_FLIGHT_BYTES_MAX_DEFAULT + node.disk.geometry.pieceLength);
  }

  /** What is counted here is what there is. */
  scan({ nodes }: Simulation): void {
    for (const node of nodes) {
      if (node.downloads?.outcome !== "running") continue;
      const { peers, streams } = this.#taken.of(node);
      this.#expectSame(node, "peers", peers.size, node.downloads.connections.size);
      this.#expectSame(node, "streams", streams.size, node.downloads.streamCount);
    }
  }

  #note({ downloads }: SimulatedNode, taken: Taken, event: DownloadEvent): void {
    if (event.type === "peerConnected" || event.type === "peerDisconnected") this.#answered(taken, event.peer);
    else if (event.type === "streamEnded" || event.type === "streamFailed") this.#closed(taken, event.stream);
    else if (event.type === "chunkReceived") this.#received(taken, event);
    else if (event.type === "pieceVerified") for (const peer of downloads!.copies.contributors(event.piece, event.copy)) taken.proved.add(peer);
  }

  #apply(node: SimulatedNode, taken: Taken, command: DownloadCommand): void {
    if (command.type === "connectPeer") {
      taken.peers.set(command.peer, { isDialling: true, streams: 0, askedBytes: 0 });
      taken.dials += 1;
      this.#expect(node, "dials at once", taken.dials, DIALS_AT_ONCE_MAX);
      this.#expect(node, "peers", taken.peers.size, node.world.peersMax);
    } else if (command.type === "dropPeer" || command.type === "banPeer") {
      this.#answered(taken, command.peer);
      taken.peers.delete(command.peer);
    } else if (command.type === "cancelStream") {
      this.#closed(taken, command.stream);
    } else if (command.type === "openStream") {
      this.#opened(node, taken, command);
    }
  }

  #opened(node: SimulatedNode, { peers, streams, proved }: Taken, command: Extract<DownloadCommand, { readonly type: "openStream" }>): void {
    const { stream, runs, offset, length } = command;
    const peer = peers.get(command.peer)!;
    let leftBytes = length;
    let pieces = 0;
    for (const { first, count } of runs) {
      pieces += count;
      if (length === 0) for (let piece = first; piece < first + count; piece += 1) leftBytes += node.disk.pieceBytes(piece);
    }
    if (length === 0) leftBytes -= offset;
    peer.streams += 1;
    peer.askedBytes += leftBytes;
    streams.set(stream, { peer: command.peer, leftBytes });
    this.#expect(node, "streams to one peer", peer.streams, STREAMS_PER_SOURCE_MAX);
    this.#expect(node, "runs in one stream", runs.length, RUNS_PER_STREAM_MAX);
    if (pieces > 1) this.#expect(node, "bytes in one stream", leftBytes, RUN_BYTES_MAX);
    if (pieces > 1 || peer.streams > 1) this.#expect(node, "bytes asked of one peer", peer.askedBytes, WINDOW_BYTES_MAX);
    if (proved.has(command.peer)) return;
    this.#expect(node, "streams to a peer of which nothing was verified", peer.streams, 1);
    this.#expect(node, "pieces asked of a peer of which nothing was verified", pieces, 1);
  }

  #received({ peers, streams }: Taken, { stream: ref, bytes }: Extract<DownloadEvent, { readonly type: "chunkReceived" }>): void {
    const stream = streams.get(ref);
    if (stream === undefined) return;
    stream.leftBytes -= bytes;
    peers.get(stream.peer)!.askedBytes -= bytes;
  }

  #answered(taken: Taken, ref: PeerRef): void {
    const peer = taken.peers.get(ref);
    if (peer?.isDialling !== true) return;
    peer.isDialling = false;
    taken.dials -= 1;
  }

  #closed({ peers, streams }: Taken, ref: StreamRef): void {
    const stream = streams.get(ref);
    if (stream === undefined) return;
    streams.delete(ref);
    const peer = peers.get(stream.peer)!;
    peer.streams -= 1;
    peer.askedBytes -= stream.leftBytes;
  }

  #expect(node: SimulatedNode, what: string, count: number, countMax: number): void {
    if (count > countMax) throw new CheckFailed(this.name, node, `${count} ${what} where at most ${countMax} are allowed`);
  }

  #expectSame(node: SimulatedNode, what: string, counted: number, count: number): void {
    if (counted !== count) throw new CheckFailed(this.name, node, `the brain wanted ${counted} ${what}, and there are ${count}`);
  }
}
