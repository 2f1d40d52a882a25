import { assert, createError, IntegrityError, PiecewiseError, type ContentId, type Logger } from "@piecewise/base";
import { decodeManifest, type Manifest } from "@piecewise/manifest";
import type { DownloadCommand, DownloadEvent, PeerRef, StreamRef } from "@piecewise/piece-engine";
import type { PieceStore } from "@piecewise/piece-store";
import type { ClientStream } from "@piecewise/rpc";
import { PeerConnection, type OwnCaller } from "./peer-connection.js";
import { eventsFromWatch, loadEvent } from "./wire.js";

/** What a download needs of the process around it. */
export interface DownloadWorld {
  readonly contentId: ContentId;
  readonly caller: OwnCaller;
  readonly logger: Logger;
  /** Asks all trackers for peers, and tells addresses that are worth dialling before all have answered. Resolves when none is waited for any more. */
  lookupPeers(signal: AbortSignal, onFound: (addresses: readonly string[]) => void): Promise<void>;
  /** Opens the target and begins to take part in the swarm. */
  openStore(manifest: Manifest, manifestBytes: Uint8Array, signal: AbortSignal): Promise<PieceStore>;
  /** The peer there takes part in the swarm now. */
  heard(address: string): void;
  banned(address: string): void;
  isBanned(address: string): boolean;
  pieceStored(piece: number): void;
  /** Bytes of the peer there turned out to be right. */
  credited(address: string, bytes: number): void;
  received(bytes: number): void;
}

/** Every piece is stored, or the download failed. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: PiecewiseError };

/** Tells the brain what happened. The chunk belongs to a `chunkReceived` event. */
export type Emit = (event: DownloadEvent, chunk?: Uint8Array) => void;

type Command<Type extends DownloadCommand["type"]> = Extract<DownloadCommand, { readonly type: Type }>;

/** The hands of one download: runs the brain's commands on sockets and files, and decides nothing. */
export class CommandRunner {
  readonly #world: DownloadWorld;
  readonly #emit: Emit;
  readonly #over: (outcome: Outcome) => void;
  readonly #connections = new Map<PeerRef, PeerConnection>();
  readonly #streams = new Map<StreamRef, { readonly peer: PeerRef; readonly stream: ClientStream }>();
  readonly #closing = new AbortController();
  /** What is still on its way of a manifest that is there is of no use. */
  readonly #manifestThere = new AbortController();
  #manifestBytes: Uint8Array | undefined;
  #manifest: Manifest | undefined;
  #store: PieceStore | undefined;
  /** Set while the store has too many bytes under way. */
  #storeRoom: Promise<void> | undefined;

  constructor(world: DownloadWorld, emit: Emit, over: (outcome: Outcome) => void) {
    this.#world = world;
    this.#emit = emit;
    this.#over = over;
  }

  run(command: DownloadCommand, chunk: Uint8Array | undefined): void {
    switch (command.type) {
      case "keepChunk":
        return this.#keepChunk(command, chunk);
      case "openStream":
        return this.#openStream(command);
      case "cancelStream":
        return this.#cancelStream(command.stream);
      case "verifyPiece":
        return this.#verifyPiece(command);
      case "storePiece":
        return this.#storePiece(command);
      case "discardCopy":
        return this.#openedStore().discard(command.piece, command.copy);
      case "lookupPeers":
        return this.#lookupPeers();
      case "exchangePeers":
        return this.#exchangePeers(command.peer);
      case "connectPeer":
        return this.#connectPeer(command);
      case "dropPeer":
        return this.#dropPeer(command.peer);
      case "banPeer":
        this.#world.banned(command.address);
        return this.#dropPeer(command.peer);
      case "fetchManifest":
        return this.#fetchManifest(command.peer);
      case "openStore":
        return this.#openStore();
      case "creditPeer":
        return this.#world.credited(command.address, command.bytes);
      case "reportBadPiece":
        return this.#reportBadPiece(command);
      case "finish":
        return this.#over({ ok: true });
      case "fail":
        return this.#over({ ok: false, error: createError(command.code, command.message) });
    }
  }

  /** Ends every call and lookup. */
  close(): void {
    this.#closing.abort();
    for (const peer of this.#connections.keys()) this.#dropPeer(peer);
  }

  #openedStore(): PieceStore {
    assert(this.#store !== undefined, "the brain opens the store before it uses it");
    return this.#store;
  }

  #connectPeer({ peer, address }: Command<"connectPeer">): void {
    const connection = new PeerConnection(address, this.#world.contentId, this.#world.caller);
    this.#connections.set(peer, connection);
    let isFirst = true;
    connection.watchPieces({
      onMessage: (message) => {
        // Who is about to leave is nobody to pass on.
        if (!message.goingAway) this.#world.heard(address);
        if (!isFirst) {
          for (const event of eventsFromWatch(peer, message)) this.#emit(event);
          return;
        }
        isFirst = false;
        this.#emit({ type: "peerConnected", peer, offered: message.offered });
        if (message.load !== undefined) this.#emit(loadEvent(peer, message.load));
      },
      onEnd: (error) => {
        this.#dropPeer(peer);
        this.#emit({ type: "peerDisconnected", peer, code: error?.code ?? "GOING_AWAY", retryAfterMs: error?.retryAfterMs });
      },
    });
  }

  #dropPeer(peer: PeerRef): void {
    // Before the connection closes under them, which they would report.
    for (const [ref, { peer: owner, stream }] of this.#streams) {
      if (owner !== peer) continue;
      stream.cancel();
      this.#streams.delete(ref);
    }
    this.#connections.get(peer)?.close();
    this.#connections.delete(peer);
  }

  #openStream({ stream: ref, peer, ...run }: Command<"openStream">): void {
    const connection = this.#connections.get(peer);
    assert(connection !== undefined, "the brain opens streams to connected peers only");
    const stream = connection.getPiece(run, {
      onHeaders: () => this.#emit({ type: "streamGranted", stream: ref }),
      onMessage: ({ pieceIndex: piece, offset, data }) => {
        this.#world.received(data.length);
        this.#emit({ type: "chunkReceived", stream: ref, piece, offset, bytes: data.length }, data);
        this.#pauseWhileStoreIsFull(stream);
      },
      onEnd: (error) => {
        this.#streams.delete(ref);
        if (error === undefined) this.#emit({ type: "streamEnded", stream: ref });
        else this.#emit({ type: "streamFailed", stream: ref, code: error.code, retryAfterMs: error.retryAfterMs });
      },
    });
    this.#streams.set(ref, { peer, stream });
  }

  #cancelStream(ref: StreamRef): void {
    this.#streams.get(ref)?.stream.cancel();
    this.#streams.delete(ref);
  }

  #keepChunk({ piece, copy, peer }: Command<"keepChunk">, chunk: Uint8Array | undefined): void {
    assert(chunk !== undefined, "keepChunk answers chunkReceived");
    const room = this.#openedStore().append(piece, copy, peer, chunk);
    if (room === undefined || this.#storeRoom !== undefined) return;
    this.#storeRoom = room;
    void room.then(() => {
      this.#storeRoom = undefined;
    });
  }

  /** The disk is slower than the network: transport flow control passes that on to the sender. */
  #pauseWhileStoreIsFull(stream: ClientStream): void {
    if (this.#storeRoom === undefined) return;
    stream.pause();
    void this.#storeRoom.then(() => stream.resume());
  }

  #verifyPiece({ piece, copy }: Command<"verifyPiece">): void {
    this.#report(this.#openedStore().verify(piece, copy), (result) =>
      this.#emit(result.ok ? { type: "pieceVerified", piece, copy, blamed: result.blamed } : { type: "pieceRejected", piece, copy }),
    );
  }

  #storePiece({ piece, copy }: Command<"storePiece">): void {
    this.#report(this.#openedStore().store(piece, copy), () => {
      this.#world.pieceStored(piece);
      this.#emit({ type: "pieceStored", piece });
    });
  }

  #openStore(): void {
    assert(this.#manifest !== undefined && this.#manifestBytes !== undefined, "the brain opens the store after it has the manifest");
    this.#report(this.#world.openStore(this.#manifest, this.#manifestBytes, this.#closing.signal), (store) => {
      this.#store = store;
      this.#emit({ type: "storeOpened", stored: store.held.clone() });
    });
  }

  /** A store that fails ends the download. */
  #report<T>(work: Promise<T>, onDone: (result: T) => void): void {
    work.then(onDone, (error: unknown) => {
      if (!(error instanceof PiecewiseError)) throw error;
      if (!this.#closing.signal.aborted) this.#emit({ type: "storeFailed", code: error.code, message: error.message });
    });
  }

  #fetchManifest(peer: PeerRef): void {
    const connection = this.#connections.get(peer);
    assert(connection !== undefined, "the brain asks connected peers only");
    // Whoever has the manifest will most likely be asked for the first pieces.
    connection.prepareForPieces();
    connection.fetchManifest(this.#manifestThere.signal).then(
      (manifestBytes) => this.#useManifest(peer, manifestBytes),
      (error: unknown) => {
        if (!(error instanceof PiecewiseError)) throw error;
        if (this.#closing.signal.aborted || error.code === "CANCELLED") return;
        this.#emit({ type: "manifestFailed", peer, code: error.code, retryAfterMs: error.retryAfterMs });
      },
    );
  }

  #useManifest(peer: PeerRef, manifestBytes: Uint8Array): void {
    if (this.#manifest !== undefined) return;
    try {
      this.#manifest = decodeManifest(manifestBytes);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
      // The bytes are what the id stands for, so no other peer has better ones.
      return this.#emit({ type: "storeFailed", code: error.code, message: error.message });
    }
    this.#manifestBytes = manifestBytes;
    this.#manifestThere.abort();
    const { totalBytes, pieceLength } = this.#manifest;
    return this.#emit({ type: "manifestReceived", peer, geometry: { totalBytes, pieceLength } });
  }

  #lookupPeers(): void {
    this.#discover("tracker", (onFound) => this.#world.lookupPeers(this.#closing.signal, onFound));
  }

  #exchangePeers(peer: PeerRef): void {
    const connection = this.#connections.get(peer);
    assert(connection !== undefined, "the brain asks connected peers only");
    this.#discover("exchange", async (onFound) => onFound(await connection.exchangePeers()));
  }

  #discover(source: "tracker" | "exchange", ask: (onFound: (addresses: readonly string[]) => void) => Promise<void>): void {
    let hasFound = false;
    const onFound = (found: readonly string[]): void => {
      const addresses = found.filter((address) => !this.#world.isBanned(address));
      if (addresses.length === 0) return;
      hasFound = true;
      this.#emit({ type: "peersFound", source, addresses });
    };
    ask(onFound).then(
      () => {
        if (!hasFound) this.#emit({ type: "peersNotFound", source });
      },
      (error: unknown) => {
        if (!(error instanceof PiecewiseError)) throw error;
        this.#world.logger.info({ source, code: error.code }, error.message);
        if (!hasFound && !this.#closing.signal.aborted) this.#emit({ type: "peersNotFound", source });
      },
    );
  }

  #reportBadPiece({ peer, piece }: Command<"reportBadPiece">): void {
    this.#connections
      .get(peer)
      ?.reportBadPiece(piece)
      .catch((error: unknown) => {
        if (!(error instanceof PiecewiseError)) throw error;
        this.#world.logger.debug({ piece, code: error.code }, error.message);
      });
  }
}
