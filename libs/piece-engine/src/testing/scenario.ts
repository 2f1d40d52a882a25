import { assert, Bitfield, createPrng, parseBytes } from "@piecewise/base";
import type { ErrorCode } from "@piecewise/base";
import type { DownloadCommand } from "../download/commands.js";
import { createDownloadEngine, type DownloadEngine } from "../download/engine.js";
import type { DownloadEvent, Geometry, PeerRef, PieceRange } from "../download/events.js";
import { createTransferBudget } from "../download/transfer-budget.js";

/*
 * A scenario is a text. Its lines:
 *   # text                 for the reader
 *   options NAME=VALUE…    how the engine is made: given=a,b  tracker=yes  peersMax=N  timeout=MS  limit=SIZE  inFlight=SIZE  seed=N
 *   content PIECES×SIZE    what is downloaded, such as 8×1M; the last piece may be short: 8×1M-100
 *   TIME EVENT ARGUMENTS   a fact, at a time in milliseconds
 *     COMMAND ARGUMENTS    indented: what the engine wants done, all of it, in this order
 *     = WORD …             indented: what can be seen of it (next MS | progress …)
 *
 * Peers are named by their addresses, streams by their numbers, copies by piece.copy. Events:
 *   started · found tracker|exchange|caller PEER… · notFound tracker|exchange
 *   connected PEER BITS · offers PEER +FIRST[..LAST]… -FIRST[..LAST]… · load PEER FREE QUEUE · heard PEER · goingAway PEER
 *   disconnected PEER CODE [RETRY-MS] · manifest PEER · manifestFailed PEER CODE [RETRY-MS] · opened BITS · storeFailed CODE
 *   granted STREAM · chunk STREAM PIECE OFFSET BYTES · ended STREAM · failed STREAM CODE [RETRY-MS]
 *   verified COPY [PEER…]  (those to blame) · rejected COPY · stored PIECE · deadline · cancelled
 * BITS are 0 and 1, or all or none.
 */

/** Runs a scenario and returns it with what the engine really wanted. It is as it should be if the two are the same. */
export function replay(text: string): string {
  const scenario = new Scenario();
  return text
    .split("\n")
    .filter((line) => !/^\s+\S/.test(line) || line.trim().startsWith("="))
    .flatMap((line) => scenario.line(line))
    .join("\n");
}

class Scenario {
  readonly #options = new Map<string, string>();
  readonly #refs = new Map<string, PeerRef>();
  readonly #names = new Map<PeerRef, string>();
  #geometry: Geometry = { totalBytes: 0, pieceLength: 1 };
  #engine: DownloadEngine | undefined;
  #nowMs = 0;

  line(line: string): string[] {
    const words = line.trim().split(/\s+/);
    const [first = "", second = ""] = words;
    if (first === "" || first === "#") return [line];
    if (first === "options") {
      for (const word of words.slice(1)) this.#options.set(word.split("=")[0]!, word.split("=")[1]!);
      return [line];
    }
    if (first === "content") {
      const [, count, size, short] = /^(\d+)×(\w+?)(?:-(\w+))?$/.exec(second)!;
      const pieceLength = bytes(size!);
      this.#geometry = { totalBytes: Number(count) * pieceLength - (short === undefined ? 0 : bytes(short)), pieceLength };
      return [line];
    }
    if (first === "=") return [`  = ${this.#state(second)}`];
    this.#nowMs = Number(first);
    const event = this.#event(words.slice(1));
    this.#engine ??= this.#create();
    return [line, ...this.#engine.handle(event, this.#nowMs).map((command) => `  ${this.#format(command)}`)];
  }

  #create(): DownloadEngine {
    const option = (name: string): string | undefined => this.#options.get(name);
    const size = (name: string): number | undefined => (option(name) === undefined ? undefined : bytes(option(name)!));
    return createDownloadEngine({
      prng: createPrng(Number(option("seed") ?? 1)),
      budget: createTransferBudget({ downloadBytesPerSecond: size("limit"), inFlightBytesMax: size("inFlight") }),
      givenAddresses: option("given")?.split(",") ?? [],
      hasTracker: option("tracker") === "yes",
      peersMax: option("peersMax") === undefined ? undefined : Number(option("peersMax")),
      sourceTimeoutMs: option("timeout") === undefined ? undefined : Number(option("timeout")),
    });
  }

  #state(word: string): string {
    const engine = this.#engine!;
    if (word === "next") return `next ${engine.nextDeadlineMs}`;
    const { phase, verifiedBytes, totalBytes, receivedBytes, resumedBytes, ...now } = engine.progress(this.#nowMs);
    const { bytesPerSecond, etaMs, connectedPeers, peers } = now;
    const given = peers.map((peer) => `${peer.address}:${peer.bytes}/${peer.pieces}`).join(" ");
    const eta = etaMs === undefined ? "unknown" : `${Math.round(etaMs)} ms`;
    return (
      `progress ${phase} verified ${verifiedBytes}/${totalBytes} received ${receivedBytes} resumed ${resumedBytes} ` +
      `rate ${Math.round(bytesPerSecond)} eta ${eta} connected ${connectedPeers} peers ${given}`.trimEnd()
    );
  }

  #peer(name: string): PeerRef {
    // A peer that was never dialled gets a number that the engine has not given out.
    return this.#refs.get(name) ?? 999;
  }

  #bits(word: string): Bitfield {
    const { totalBytes, pieceLength } = this.#geometry;
    if (word === "all" || word === "none") return Bitfield.create(Math.ceil(totalBytes / pieceLength), word === "all");
    const bits = Bitfield.create(word.length);
    for (let i = 0; i < word.length; i += 1) if (word[i] === "1") bits.add(i);
    return bits;
  }

  #event([type, ...args]: string[]): DownloadEvent {
    const [a = "", b = "", c = "", d = ""] = args;
    switch (type) {
      case "started":
      case "cancelled":
        return { type };
      case "deadline":
        return { type: "deadlineReached" };
      case "found":
        return { type: "peersFound", source: a as "tracker", addresses: args.slice(1) };
      case "notFound":
        return { type: "peersNotFound", source: a as "tracker" };
      case "connected":
        return { type: "peerConnected", peer: this.#peer(a), offered: this.#bits(b).toBytes() };
      case "offers":
        return { type: "peerOffers", peer: this.#peer(a), added: ranges("+", args), withdrawn: ranges("-", args) };
      case "load":
        return { type: "peerLoadChanged", peer: this.#peer(a), slotsFree: Number(b), queueLength: Number(c) };
      case "heard":
        return { type: "peerHeard", peer: this.#peer(a) };
      case "goingAway":
        return { type: "peerGoingAway", peer: this.#peer(a) };
      case "disconnected":
        return { type: "peerDisconnected", peer: this.#peer(a), code: b as ErrorCode, ...retry(c) };
      case "manifest":
        return { type: "manifestReceived", peer: this.#peer(a), geometry: this.#geometry };
      case "manifestFailed":
        return { type: "manifestFailed", peer: this.#peer(a), code: b as ErrorCode, ...retry(c) };
      case "opened":
        return { type: "storeOpened", stored: this.#bits(a) };
      case "storeFailed":
        return { type: "storeFailed", code: a as ErrorCode, message: "a message" };
      case "granted":
        return { type: "streamGranted", stream: Number(a) };
      case "chunk":
        return { type: "chunkReceived", stream: Number(a), piece: Number(b), offset: bytes(c), bytes: bytes(d) };
      case "ended":
        return { type: "streamEnded", stream: Number(a) };
      case "failed":
        return { type: "streamFailed", stream: Number(a), code: b as ErrorCode, ...retry(c) };
      case "verified":
        return { type: "pieceVerified", ...copyOf(a), blamed: args.slice(1).map((name) => this.#peer(name)) };
      case "rejected":
        return { type: "pieceRejected", ...copyOf(a) };
      case "stored":
        return { type: "pieceStored", piece: Number(a) };
      default:
        throw new Error(`no such event: ${type}`);
    }
  }

  #format(command: DownloadCommand): string {
    switch (command.type) {
      case "lookupPeers":
        return "lookupPeers";
      case "connectPeer":
        this.#refs.set(command.address, command.peer);
        this.#names.set(command.peer, command.address);
        return `connectPeer ${command.address}`;
      case "exchangePeers":
      case "dropPeer":
      case "fetchManifest":
        return `${command.type} ${this.#names.get(command.peer)}`;
      case "banPeer":
        assert(command.address === this.#names.get(command.peer), "a ban names two peers");
        return `banPeer ${command.address}`;
      case "openStore":
        return `openStore ${command.geometry.totalBytes} in pieces of ${command.geometry.pieceLength}`;
      case "openStream": {
        const { stream, peer, runs, offset, length } = command;
        const pieces = runs.map(({ first, count }) => (count > 1 ? `${first}..${first + count - 1}` : `${first}`)).join(" ");
        return `openStream ${stream} ${this.#names.get(peer)} ${pieces}${length > 0 ? ` ${length} bytes from ${offset}` : ""}`;
      }
      case "cancelStream":
        return `cancelStream ${command.stream}`;
      case "keepChunk":
        return `keepChunk ${command.piece}.${command.copy} ${this.#names.get(command.peer)}`;
      case "verifyPiece":
      case "storePiece":
      case "discardCopy":
        return `${command.type} ${command.piece}.${command.copy}`;
      case "creditPeer":
        return `creditPeer ${command.address} ${command.bytes}`;
      case "reportBadPiece":
        return `reportBadPiece ${this.#names.get(command.peer)} ${command.piece}`;
      case "finish":
        return "finish";
      case "fail":
        return `fail ${command.code}: ${command.message}`;
    }
  }
}

const retry = (word: string): { retryAfterMs?: number } => (word === "" ? {} : { retryAfterMs: Number(word) });

const bytes = (word: string): number => parseBytes(word, "the number");

function ranges(sign: string, words: readonly string[]): PieceRange[] {
  return words
    .filter((word) => word.startsWith(sign))
    .map((word) => {
      const [first, last = first] = word.slice(1).split("..").map(Number);
      return { first: first!, count: last! - first! + 1 };
    });
}

function copyOf(word: string): { piece: number; copy: number } {
  const [piece, copy = 0] = word.split(".").map(Number);
  return { piece: piece!, copy };
}
