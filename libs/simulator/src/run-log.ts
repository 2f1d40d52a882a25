import { createHash } from "node:crypto";
import { assert } from "@piecewise/base";
import type { DownloadCommand, DownloadEvent, UploadCommand, UploadEvent } from "@piecewise/piece-engine";
import type { SimulatedNode } from "./node/simulated-node.js";
import type { Observer } from "./observer.js";

const BATCH_WORDS = 16_384;

// Only appended to: the place of a name is what it is in the hash.
const NAMES =
  "started peersFound peersNotFound peerConnected peerOffers peerLoadChanged peerHeard peerGoingAway peerDisconnected manifestReceived " +
  "manifestFailed storeOpened storeFailed streamGranted chunkReceived streamEnded streamFailed pieceVerified pieceRejected pieceStored " +
  "deadlineReached cancelled lookupPeers exchangePeers connectPeer dropPeer banPeer fetchManifest openStore openStream cancelStream keepChunk " +
  "verifyPiece storePiece discardCopy reportBadPiece finish fail contentAdded contentRemoved pieceLost requestArrived chunkDrained " +
  "requestEnded watcherJoined watcherLeft watcherBlocked watcherDrained drainStarted grant refuse send stop offerFirst offerNews " +
  "refuseWatcher stopWatcher";

const CODE_OF = new Map(NAMES.split(" ").map((name, index) => [name, index]));

type Said = DownloadEvent | DownloadCommand | UploadEvent | UploadCommand;

/** Everything that any brain was told and wanted, as one hash. Two runs with the same digest went the same way. */
export class RunLog implements Observer {
  readonly #hash = createHash("sha256");
  readonly #words = new Int32Array(BATCH_WORDS);
  #size = 0;
  /** Events that brains were told. */
  events = 0;
  nowUs: () => number = () => 0;

  download(node: SimulatedNode, event: DownloadEvent, commands: readonly DownloadCommand[]): void {
    this.#note(node, event, commands);
  }

  upload(node: SimulatedNode, event: UploadEvent, commands: readonly UploadCommand[]): void {
    this.#note(node, event, commands);
  }

  digest(): string {
    this.#flush();
    return this.#hash.copy().digest("hex");
  }

  #note(node: SimulatedNode, event: Said, commands: readonly Said[]): void {
    this.events += 1;
    const nowUs = this.nowUs();
    if (this.#size + 4 + 3 * (commands.length + 1) > BATCH_WORDS) this.#flush();
    this.#word(nowUs);
    this.#word(Math.floor(nowUs / 0x1_0000_0000));
    this.#word(node.index);
    this.#word(commands.length);
    this.#say(event);
    for (const command of commands) this.#say(command);
  }

  #say(said: Said): void {
    const code = CODE_OF.get(said.type);
    assert(code !== undefined, `no code for ${said.type}`);
    this.#word(code);
    this.#word(subjectOf(said));
    this.#word(detailOf(said));
  }

  #word(value: number): void {
    if (this.#size === BATCH_WORDS) this.#flush();
    this.#words[this.#size] = value;
    this.#size += 1;
  }

  #flush(): void {
    // Every machine that Node runs on has the lowest byte first.
    this.#hash.update(new Uint8Array(this.#words.buffer, 0, this.#size * 4));
    this.#size = 0;
  }
}

/** Whom or what it is about. */
function subjectOf(said: Said): number {
  if ("stream" in said) return said.stream;
  if ("peer" in said) return said.peer;
  if ("request" in said) return said.request;
  if ("watcher" in said) return said.watcher;
  return "piece" in said ? said.piece : 0;
}

/** What else tells it from others of its kind. */
function detailOf(said: Said): number {
  if ("piece" in said) return said.piece;
  if ("bytes" in said) return said.bytes;
  if ("bytesMax" in said) return said.bytesMax;
  if ("addresses" in said) return said.addresses.length;
  if ("added" in said) return said.added.reduce((sum, { first, count }) => sum + first * 31 + count, said.withdrawn.length);
  return "retryAfterMs" in said ? (said.retryAfterMs ?? 0) : 0;
}
