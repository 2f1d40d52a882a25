import { assert, createPrng, type ErrorCode } from "@piecewise/base";
import { createDownloadEngine, createTransferBudget, piecesOf, type DownloadCommand, type DownloadEngine, type DownloadEvent, type PeerRef, type StreamRef, type TransferBudget } from "@piecewise/piece-engine";
import { BrainTimer } from "../clock/brain-timer.js";
import type { Chunk } from "../network/pipe.js";
import { Connection, type PieceStream } from "./connection.js";
import { CopyTable } from "./simulated-disk.js";
import type { SimulatedNode } from "./simulated-node.js";

type Command<Type extends DownloadCommand["type"]> = Extract<DownloadCommand, { readonly type: Type }>;

interface OpenStream extends PieceStream {
  readonly connection: Connection;
}

/** The download brain of one process and its hands. */
export class DownloadSide {
  readonly engine: DownloadEngine;
  readonly budget: TransferBudget;
  readonly connections = new Map<PeerRef, Connection>();
  readonly copies: CopyTable;
  readonly #streams = new Map<StreamRef, OpenStream>();
  readonly #banned = new Set<string>();
  /** Addresses from which wrong bytes came. */
  readonly #liars = new Set<string>();
  /** Who is behind each number of the brain, also after it was let go. */
  readonly #nodes = new Map<PeerRef, SimulatedNode>();
  readonly #timer: BrainTimer;
  #outcome: "running" | "finished" | ErrorCode = "running";
  #inHand: Chunk<PieceStream> | undefined;

  constructor(readonly node: SimulatedNode) {
    const { setup, world } = node;
    this.budget = createTransferBudget();
    const { givenAddresses, hasTracker } = setup;
    const { peersMax, policies } = world;
    const engine = createDownloadEngine({ prng: createPrng(node.takeSeed()), budget: this.budget, givenAddresses, hasTracker, peersMax }, policies);
    this.engine = world.wrapDownloadEngine(engine, node);
    this.copies = new CopyTable(node.disk);
    this.#timer = new BrainTimer(world.queue, () => this.tell({ type: "deadlineReached" }));
  }

  get outcome(): "running" | "finished" | ErrorCode {
    return this.#outcome;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  isBanned(address: string): boolean {
    return this.#banned.has(address);
  }

  wasLiedToBy(address: string): boolean {
    return this.#liars.has(address);
  }

  /** Who is behind a number of the brain. */
  nodeOf(peer: PeerRef): SimulatedNode | undefined {
    return this.#nodes.get(peer);
  }

  /** Whether a chunk of this stream is wanted. */
  has(stream: PieceStream): boolean {
    return this.#streams.get(stream.ref) === stream;
  }

  tell(event: DownloadEvent): void {
    if (this.#outcome !== "running") return;
    if (event.type === "streamFailed") this.#streams.delete(event.stream);
    const { world } = this.node;
    const commands = this.engine.handle(event, world.queue.nowMs);
    world.observer.download(this.node, event, commands);
    for (const command of commands) this.#run(command);
    if (this.#outcome === "running") this.#timer.arm(this.engine.nextDeadlineMs);
  }

  chunkReceived(chunk: Chunk<PieceStream>): void {
    const { stream, piece, offset, bytes } = chunk;
    const open = this.#streams.get(stream.ref);
    if (open !== stream) return;
    if (chunk.isBad) this.#liars.add(open.connection.serverNode.host.address);
    this.#inHand = chunk;
    this.tell({ type: "chunkReceived", stream: stream.ref, piece, offset, bytes });
    this.#inHand = undefined;
    if (!chunk.isLast || !this.has(stream)) return;
    this.#streams.delete(stream.ref);
    this.tell({ type: "streamEnded", stream: stream.ref });
  }

  /** The news of a peer ended. */
  disconnected(peer: PeerRef, code: ErrorCode, retryAfterMs?: number): void {
    this.#drop(peer);
    this.tell({ type: "peerDisconnected", peer, code, retryAfterMs });
  }

  /** The process is gone; who was connected hears of it unless the machine went with it. */
  crash(isHeard: boolean): void {
    this.#outcome = "CANCELLED";
    for (const connection of this.connections.values()) {
      if (isHeard) connection.closeByClient();
      else connection.abandon();
    }
    this.connections.clear();
  }

  #run(command: DownloadCommand): void {
    switch (command.type) {
      case "keepChunk":
        return this.#keepChunk(command);
      case "openStream":
        return this.#openStream(command);
      case "cancelStream":
        return this.#cancelStream(command.stream);
      case "verifyPiece":
        return this.#verifyPiece(command);
      case "storePiece":
        return this.#storePiece(command);
      case "discardCopy":
        return this.copies.discard(command.piece, command.copy);
      case "lookupPeers":
        return this.#lookupPeers();
      case "exchangePeers":
        return this.#exchangePeers(command.peer);
      case "connectPeer":
        return this.#connectPeer(command);
      case "banPeer":
        this.#banned.add(command.address);
        return this.#drop(command.peer);
      case "dropPeer":
        return this.#drop(command.peer);
      case "fetchManifest":
        return this.#fetchManifest(command.peer);
      case "openStore":
        return this.#openStore();
      case "creditPeer":
        return this.node.uploads?.tell({ type: "peerGave", address: command.address, bytes: command.bytes });
      case "reportBadPiece":
        return undefined;
      case "finish":
        return this.#end("finished");
      case "fail":
        return this.#end(command.code);
    }
  }

  #connected(peer: PeerRef): Connection {
    const connection = this.connections.get(peer);
    assert(connection !== undefined, "a command names a peer that is not dialled");
    return connection;
  }

  #connectPeer({ peer, address }: Command<"connectPeer">): void {
    assert(!this.connections.has(peer), "a peer is dialled twice");
    assert(!this.#banned.has(address), "a banned peer is dialled");
    const serverNode = this.node.world.nodeAt(address);
    const connection = new Connection(this, this.node, peer, serverNode);
    this.connections.set(peer, connection);
    this.#nodes.set(peer, serverNode);
    connection.dial((server) => (serverNode === this.node ? connection.refuse("OWN_PEER") : server.watch(connection)));
  }

  #drop(peer: PeerRef): void {
    const connection = this.connections.get(peer);
    if (connection === undefined) return;
    for (const stream of this.#streams.values()) if (stream.connection === connection) this.#streams.delete(stream.ref);
    connection.closeByClient();
    this.connections.delete(peer);
  }

  #openStream({ stream: ref, peer, runs, offset, length }: Command<"openStream">): void {
    const connection = this.#connected(peer);
    const { disk, host } = this.node;
    let bytes = length;
    if (length === 0) for (const piece of piecesOf(runs)) bytes += disk.pieceBytes(piece);
    if (length === 0) bytes -= offset;
    const stream: OpenStream = { ref, runs, offset, bytes, request: undefined, connection };
    this.#streams.set(ref, stream);
    const handshakeUs = connection.hasPipe ? 0 : 2 * (host.latencyUs + connection.serverNode.host.latencyUs);
    connection.hasPipe = true;
    connection.toServer((server) => server.serve(connection, stream), handshakeUs);
  }

  #cancelStream(ref: StreamRef): void {
    const stream = this.#streams.get(ref);
    if (stream === undefined) return;
    this.#streams.delete(ref);
    stream.connection.toServer((server) => server.cancel(stream));
  }

  #keepChunk({ piece, copy, peer }: Command<"keepChunk">): void {
    const chunk = this.#inHand;
    assert(chunk !== undefined && chunk.piece === piece, "keepChunk answers chunkReceived");
    this.node.keptBytes += chunk.bytes;
    this.copies.append(piece, copy, peer, chunk.offset, chunk.bytes, chunk.isBad);
  }

  #verifyPiece({ piece, copy }: Command<"verifyPiece">): void {
    const { disk } = this.node;
    disk.work(disk.pieceBytes(piece), () => {
      if (this.#outcome !== "running") return;
      const result = this.copies.verify(piece, copy);
      if (result !== undefined) this.tell(result);
    });
  }

  #storePiece({ piece, copy }: Command<"storePiece">): void {
    const { disk } = this.node;
    disk.work(disk.pieceBytes(piece), () => {
      if (this.#outcome !== "running") return;
      const [from] = this.copies.contributors(piece, copy);
      this.copies.store(piece, copy);
      this.node.pieceStored(piece, from === undefined ? undefined : this.#nodes.get(from));
      this.tell({ type: "pieceStored", piece });
    });
  }

  #openStore(): void {
    const { disk } = this.node;
    // What the journal claims is hashed again.
    disk.work(disk.stored.count * disk.geometry.pieceLength, () => {
      if (this.#outcome !== "running") return;
      this.node.joinSwarm();
      this.tell({ type: "storeOpened", stored: disk.stored.clone() });
    });
  }

  #fetchManifest(peer: PeerRef): void {
    const connection = this.#connected(peer);
    connection.toServer((server) => {
      if (server.hasManifestFor(connection)) connection.tellClient({ type: "manifestReceived", peer, geometry: this.node.disk.geometry });
      else connection.tellClient({ type: "manifestFailed", peer, code: "CONTENT_NOT_FOUND" });
    });
  }

  #lookupPeers(): void {
    this.node.trackerSession.lookup((addresses) => this.#found("tracker", addresses));
  }

  #exchangePeers(peer: PeerRef): void {
    const connection = this.#connected(peer);
    connection.toServer((server) => {
      const addresses = server.exchange(connection) ?? [];
      connection.toClient(() => this.#found("exchange", addresses));
    });
  }

  #found(source: "tracker" | "exchange", answered: readonly string[]): void {
    const addresses = answered.filter((address) => !this.#banned.has(address));
    this.tell(addresses.length > 0 ? { type: "peersFound", source, addresses } : { type: "peersNotFound", source });
  }

  #end(outcome: "finished" | ErrorCode): void {
    this.#outcome = outcome;
    for (const peer of this.connections.keys()) this.#drop(peer);
    this.node.downloadEnded(outcome);
  }
}
