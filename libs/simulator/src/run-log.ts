import { createHash } from "node:crypto";
import { endianness } from "node:os";
import { assert } from "@piecewise/base";
import type { DownloadCommand, DownloadEvent, PieceRange, UploadCommand, UploadEvent } from "@piecewise/piece-engine";
import type { SimulatedNode } from "./node/simulated-node.js";
import type { Observer } from "./observer.js";

const BATCH_WORDS = 16_384;
/** Words of every entry, and of each thing said in it. */
const HEAD_WORDS = 4;
const SAID_WORDS = 3;

// Only appended to: the place of a name is what it is in the hash.
const NAMES =
  "started peersFound peersNotFound peerConnected peerOffers peerLoadChanged peerHeard peerGoingAway peerDisconnected manifestReceived " +
  "manifestFailed storeOpened storeFailed streamGranted chunkReceived streamEnded streamFailed pieceVerified pieceRejected pieceStored " +
  "deadlineReached cancelled lookupPeers exchangePeers connectPeer dropPeer banPeer fetchManifest openStore openStream cancelStream keepChunk " +
  "verifyPiece storePiece discardCopy reportBadPiece finish fail contentAdded contentRemoved pieceLost requestArrived chunkDrained " +
  "requestEnded watcherJoined watcherLeft watcherBlocked watcherDrained drainStarted grant refuse send stop offerFirst offerNews " +
  "refuseWatcher stopWatcher peerGave watchCaller unwatchCaller callerWatched callerOffers callerLost creditPeer";

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
    if (this.#size + HEAD_WORDS + SAID_WORDS * (commands.length + 1) > BATCH_WORDS) this.#flush();
    const words = this.#words;
    words[this.#size] = nowUs;
    words[this.#size + 1] = Math.floor(nowUs / 0x1_0000_0000);
    words[this.#size + 2] = node.index;
    words[this.#size + 3] = commands.length;
    this.#size += HEAD_WORDS;
    this.#say(event);
    for (const command of commands) this.#say(command);
  }

  #say(said: Said): void {
    if (this.#size + SAID_WORDS > BATCH_WORDS) this.#flush();
    const code = CODE_OF.get(said.type);
    assert(code !== undefined, `no code for ${said.type}`);
    const words = this.#words;
    words[this.#size] = code;
    words[this.#size + 1] = subjectOf(said);
    words[this.#size + 2] = detailOf(said);
    this.#size += SAID_WORDS;
  }

  #flush(): void {
    const bytes = Buffer.from(this.#words.buffer, 0, this.#size * 4);
    // The lowest byte comes first, on every machine.
    this.#hash.update(endianness() === "LE" ? bytes : bytes.swap32());
    this.#size = 0;
  }
}

/** Whom or what it is about. */
function subjectOf(said: Said): number {
  switch (said.type) {
    case "streamGranted":
    case "chunkReceived":
    case "streamEnded":
    case "streamFailed":
    case "openStream":
    case "cancelStream":
      return said.stream;
    case "requestArrived":
    case "chunkDrained":
    case "requestEnded":
    case "grant":
    case "refuse":
    case "send":
    case "stop":
      return said.request;
    case "watcherJoined":
    case "watcherLeft":
    case "offerFirst":
    case "offerNews":
    case "refuseWatcher":
    case "stopWatcher":
      return said.watcher;
    default:
      return "peer" in said ? said.peer : 0;
  }
}

/** What else tells it from others of its kind. */
function detailOf(said: Said): number {
  switch (said.type) {
    case "peerOffers":
    case "offerNews":
      return newsWord(said.added) + newsWord(said.withdrawn);
    case "chunkDrained":
      return said.bytes;
    case "send":
      return said.bytesMax;
    case "streamGranted":
    case "streamEnded":
    case "cancelStream":
    case "grant":
    case "requestEnded":
    case "peerHeard":
      return 0;
    case "peersFound":
      return said.addresses.length;
    default:
      return "piece" in said ? said.piece : 0;
  }
}

function newsWord(ranges: readonly PieceRange[]): number {
  let word = ranges.length;
  for (const { first, count } of ranges) word = Math.imul(word, 31) + first + Math.imul(count, 65_537);
  return word;
}
