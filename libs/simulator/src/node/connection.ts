import type { ErrorCode } from "@piecewise/base";
import type { DownloadEvent, PeerRef, PieceRange, RequestRef, StreamRef, WatcherRef } from "@piecewise/piece-engine";
import { Pipe, type Chunk } from "../network/pipe.js";
import type { SimulatedNode } from "./simulated-node.js";
import type { UploadSide } from "./upload-side.js";

/** One GetPiece call as both ends see it. */
export interface PieceStream {
  readonly ref: StreamRef;
  readonly runs: readonly PieceRange[];
  readonly offset: number;
  readonly bytes: number;
  /** Of the one who is asked, once it was. */
  request: RequestRef | undefined;
}

/** What a connection reports to. */
export interface ConnectionClient {
  readonly node: SimulatedNode;
  tell(event: DownloadEvent): void;
  chunkReceived(chunk: Chunk<PieceStream>): void;
  /** The watch ended. */
  disconnected(peer: PeerRef, code: ErrorCode, retryAfterMs?: number): void;
}

/** A server notices so late that a client is gone without a word: keepalive and its timeout. */
const KEEPALIVE_US = 50_000_000;

const isNever = (timeUs: number): boolean => timeUs === Number.POSITIVE_INFINITY;

/**
 * What one node, the client, has with another, the server: news and small calls, and the pipe for pieces. Messages of one direction
 * arrive in the order in which they were sent. Either end may be gone long before the other knows.
 */
export class Connection {
  readonly pipe: Pipe<PieceStream>;
  watcher: WatcherRef | undefined;
  /** The first stream dials a second connection. */
  hasPipe = false;
  isClosedByClient = false;
  /** The server's process was reached. */
  server: UploadSide | undefined;
  #isClosedByServer = false;
  #lastToServerUs = 0;
  #lastToClientUs = 0;

  constructor(
    readonly client: ConnectionClient,
    readonly clientNode: SimulatedNode,
    readonly peer: PeerRef,
    readonly serverNode: SimulatedNode,
  ) {
    const { world } = clientNode;
    this.pipe = new Pipe(world.queue, world.network, serverNode.host, clientNode.host, {
      sent: (chunk) => this.server?.chunkSent(chunk.stream),
      received: (chunk) => this.#received(chunk),
      arrivalUs: () => this.#arrivalAtClientUs(),
    });
  }

  /** Reaches whatever process listens there, after the round trips of a handshake. */
  dial(onReached: (server: UploadSide) => void): void {
    const { world, host } = this.clientNode;
    const handshakeUs = 2 * (host.latencyUs + this.serverNode.host.latencyUs);
    const arrivalUs = world.network.arrivalUs(host, this.serverNode.host) + handshakeUs;
    if (isNever(arrivalUs)) return;
    this.#lastToServerUs = arrivalUs;
    world.queue.at(arrivalUs, () => {
      if (this.isClosedByClient) return;
      this.server = this.serverNode.uploads;
      if (this.server === undefined) return this.refuse("PEER_UNREACHABLE");
      this.server.connections.add(this);
      return onReached(this.server);
    });
  }

  toServer(run: (server: UploadSide) => void, extraUs = 0): void {
    const { world, host } = this.clientNode;
    const arrivalUs = Math.max(this.#lastToServerUs, world.network.arrivalUs(host, this.serverNode.host) + extraUs);
    if (isNever(arrivalUs)) return;
    this.#lastToServerUs = arrivalUs;
    world.queue.at(arrivalUs, () => {
      if (this.server !== undefined && !this.#isClosedByServer) run(this.server);
    });
  }

  toClient(run: (client: ConnectionClient) => void): void {
    const arrivalUs = this.#arrivalAtClientUs();
    if (isNever(arrivalUs)) return;
    this.clientNode.world.queue.at(arrivalUs, () => {
      if (!this.isClosedByClient) run(this.client);
    });
  }

  tellClient(event: DownloadEvent): void {
    this.toClient((client) => client.tell(event));
  }

  /** The watch ends, and with it the connection. */
  refuse(code: ErrorCode, retryAfterMs?: number): void {
    this.toClient((client) => client.disconnected(this.peer, code, retryAfterMs));
  }

  /** The client is done with it; the server hears of it later. */
  closeByClient(): void {
    if (this.isClosedByClient) return;
    this.isClosedByClient = true;
    // Until the server hears of it, it goes on sending to a closed door.
    this.toServer((server) => this.closeByServer(server));
  }

  /** The client's machine is gone without a word. */
  abandon(): void {
    this.isClosedByClient = true;
    this.clientNode.world.queue.after(KEEPALIVE_US, () => {
      if (this.server !== undefined) this.closeByServer(this.server);
    });
  }

  /** The server's process forgets it. */
  closeByServer(server: UploadSide): void {
    if (this.#isClosedByServer) return;
    this.#isClosedByServer = true;
    this.pipe.close();
    server.connectionLost(this);
  }

  /** Both ends lose it, as when a router in between is restarted. */
  break(): void {
    if (this.isClosedByClient || this.#isClosedByServer) return;
    this.refuse("PEER_UNREACHABLE");
    if (this.server !== undefined) this.closeByServer(this.server);
  }

  #arrivalAtClientUs(): number {
    const { world, host } = this.clientNode;
    const arrivalUs = Math.max(this.#lastToClientUs, world.network.arrivalUs(this.serverNode.host, host));
    if (!isNever(arrivalUs)) this.#lastToClientUs = arrivalUs;
    return arrivalUs;
  }

  #received(chunk: Chunk<PieceStream>): void {
    if (!this.isClosedByClient) this.client.chunkReceived(chunk);
  }
}
