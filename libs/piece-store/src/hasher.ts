import { existsSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { assert, MIB } from "@piecewise/base";
import type { FileSpan } from "@piecewise/manifest";
import type {
  FilesRef,
  FilesToOpen,
  HasherCallName,
  HasherCallRequest,
  HasherCalls,
  HasherRequest,
  HasherRequests,
  HasherResponse,
  HasherSettings,
  SystemFailure,
} from "./hasher-protocol.js";
import type { CopyRef, SourceRef } from "./piece-store.js";
import { createStorageError } from "./storage-error.js";

/** Appended chunks that the thread has not yet done with may add up to so many bytes; beyond, `append` asks its caller to wait. */
export const APPEND_BYTES_UNDER_WAY_MAX = 4 * MIB;
/** When no more than this are left there is room again. The thread may keep as many to itself, so that what it has not told never takes the room. */
const BYTES_LEFT_FOR_ROOM = APPEND_BYTES_UNDER_WAY_MAX / 2;

// Below this a copy costs less than a transfer. It also keeps Node's pool of small buffers, which others use too, where it is.
const TRANSFER_BYTES_MIN = 64 * 1024;
// A received message has a few bytes of header in front of its data.
const TRANSFER_SLACK_BYTES_MAX = 4 * 1024;

type Call<Name extends HasherCallName> = HasherCalls[Name]["request"];

type AppendRequest = Extract<HasherRequest, { type: "append" }>;

/** Takes back the memory of a chunk that was transferred, when nobody holds it any longer. */
export type OnReleased = (buffer: ArrayBuffer) => void;

interface PendingCall {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The thread that hashes and writes, as seen from the main thread. One serves all stores and sources of the process; it starts with the
 * first and ends with the last.
 */
class Hasher {
  readonly #worker = new Worker(workerFile(), {
    name: "piece-hasher",
    execArgv: [],
    workerData: { untoldBytesMax: BYTES_LEFT_FOR_ROOM } satisfies HasherSettings,
  });
  readonly #pending = new Map<number, PendingCall>();
  readonly #onReleased = new Map<FilesRef, OnReleased>();
  #requests: HasherRequest[] = [];
  #transferred: ArrayBuffer[] = [];
  #callsMade = 0;
  #bytesUnderWay = 0;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor() {
    this.#worker.unref();
    this.#worker.on("message", (response: HasherResponse) => this.#receive(response));
    // Whatever the system may refuse comes back as an answer; what is thrown there is a bug, and ends the process as it would here.
    this.#worker.on("error", (error) => {
      throw error;
    });
  }

  /** What is asked for at the same moment goes over as one message: waking the other thread costs more than most requests. */
  post(request: HasherRequest): void {
    if (this.#requests.push(request) === 1) process.nextTick(() => this.#send());
  }

  openFiles(set: FilesRef, files: FilesToOpen, onReleased: OnReleased | undefined): void {
    if (onReleased !== undefined) this.#onReleased.set(set, onReleased);
    this.post({ type: "openFiles", set, ...files });
  }

  async closeFiles(set: FilesRef): Promise<void> {
    await this.call("closeFiles", set, {});
    this.#onReleased.delete(set);
  }

  append(request: Omit<AppendRequest, "data"> & { readonly data: Uint8Array }): Promise<void> | undefined {
    const data = ownedBytes(request.data);
    this.#bytesUnderWay += data.byteLength;
    this.#transferred.push(data.buffer);
    this.post({ ...request, data });
    if (this.#bytesUnderWay <= APPEND_BYTES_UNDER_WAY_MAX) return undefined;
    this.#room ??= createRoom();
    this.#keepAliveWhileAwaited();
    return this.#room.promise;
  }

  call<Name extends HasherCallName>(type: Name, set: FilesRef, request: Call<Name>): Promise<HasherCalls[Name]["result"]> {
    this.#callsMade += 1;
    const call = this.#callsMade;
    return new Promise((resolve, reject) => {
      this.#pending.set(call, { resolve, reject });
      this.#keepAliveWhileAwaited();
      this.post({ ...request, type, call, set } as HasherCallRequest);
    });
  }

  async stop(): Promise<void> {
    assert(this.#pending.size === 0, "every set of files is closed before the hasher stops");
    await this.#worker.terminate();
  }

  #send(): void {
    const requests: HasherRequests = this.#requests;
    this.#worker.postMessage(requests, this.#transferred);
    this.#requests = [];
    this.#transferred = [];
  }

  #receive({ consumedBytes, released, answers }: HasherResponse): void {
    this.#bytesUnderWay -= consumedBytes;
    for (const { set, buffer } of released) this.#onReleased.get(set)?.(buffer);
    if (this.#room !== undefined && this.#bytesUnderWay <= BYTES_LEFT_FOR_ROOM) {
      this.#room.resolve();
      this.#room = undefined;
    }
    for (const answer of answers) {
      const pending = this.#pending.get(answer.call);
      assert(pending !== undefined, `answer to the unknown call ${answer.call}`);
      this.#pending.delete(answer.call);
      if ("failure" in answer) pending.reject(explain(answer.failure));
      else pending.resolve(answer.result as never);
    }
    this.#keepAliveWhileAwaited();
  }

  /** The thread keeps the process alive only while somebody waits for it. */
  #keepAliveWhileAwaited(): void {
    if (this.#pending.size > 0 || this.#room !== undefined) this.#worker.ref();
    else this.#worker.unref();
  }
}

let shared: { readonly hasher: Hasher; users: number } | undefined;
let setsOpened = 0;

function takeHasher(): Hasher {
  shared ??= { hasher: new Hasher(), users: 0 };
  shared.users += 1;
  return shared.hasher;
}

async function giveBackHasher(): Promise<void> {
  assert(shared !== undefined, "a hasher that is in use is shared");
  shared.users -= 1;
  if (shared.users > 0) return;
  const { hasher } = shared;
  shared = undefined;
  await hasher.stop();
}

/** Starts the thread before anything is asked of it, which takes a while, and keeps it until what this returns is disposed of. */
export function startHasher(): AsyncDisposable {
  takeHasher();
  return { [Symbol.asyncDispose]: giveBackHasher };
}

/** The files of one content in the hands of the hasher. Requests are carried out in the order in which they are made. */
export class HashedFiles implements AsyncDisposable {
  readonly #ref: FilesRef;
  readonly #hasher: Hasher;
  #closing: Promise<void> | undefined;

  private constructor(hasher: Hasher, files: FilesToOpen, onReleased?: OnReleased) {
    setsOpened += 1;
    this.#ref = setsOpened;
    this.#hasher = hasher;
    hasher.openFiles(this.#ref, files, onReleased);
  }

  /** Opens no file yet. */
  static open(files: FilesToOpen, onReleased?: OnReleased): HashedFiles {
    return new HashedFiles(takeHasher(), files, onReleased);
  }

  /** @returns a promise to wait for if too many bytes are under way. */
  append(piece: number, copy: CopyRef, source: SourceRef, data: Uint8Array, spans: FileSpan[] | undefined): Promise<void> | undefined {
    return this.#hasher.append({ type: "append", set: this.#ref, piece, copy, source, data, spans });
  }

  discard(piece: number, copy: CopyRef): void {
    this.#hasher.post({ type: "discard", set: this.#ref, piece, copy });
  }

  /** Any other request. @throws StorageError */
  call<Name extends HasherCallName>(type: Name, request: Call<Name>): Promise<HasherCalls[Name]["result"]> {
    return this.#hasher.call(type, this.#ref, request);
  }

  /** Resolves when all that was asked for is done. Idempotent. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#hasher.closeFiles(this.#ref);
    await giveBackHasher();
  }
}

/**
 * Where the code of the thread lies: beside this file, also when a binary is bundled into one CommonJS file, which has the thread as an
 * entry of its own.
 */
function workerFile(): URL {
  // Only CommonJS knows its file name; import.meta is empty there.
  const ownUrl = typeof __filename === "string" ? pathToFileURL(__filename) : new URL(import.meta.url);
  const candidates = ["./hasher-worker.js", "./hasher-worker.cjs"].map((name) => new URL(name, ownUrl));
  const found = candidates.find((candidate) => existsSync(fileURLToPath(candidate)));
  assert(found !== undefined, `hasher-worker.js or hasher-worker.cjs lies beside ${ownUrl.pathname}`);
  return found;
}

/** The bytes with an ArrayBuffer that may be transferred: their own where it holds nothing else of size, otherwise that of a copy. */
function ownedBytes(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data;
  const isOwner = byteLength >= TRANSFER_BYTES_MIN && buffer.byteLength - byteLength <= TRANSFER_SLACK_BYTES_MAX;
  return isOwner && buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(data);
}

function createRoom(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const explain = ({ code, message, action, path }: SystemFailure): Error => createStorageError(code, action, path, new Error(message));
