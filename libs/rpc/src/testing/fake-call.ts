import { EventEmitter } from "node:events";
import { assert, type Logger, silentLogger } from "@piecewise/base";
import type { StatusObject } from "@grpc/grpc-js";
import type { ServiceImplementation } from "../implement-service.js";

/** How a call ended. */
export interface CallOutcome {
  /** Serialized, as they would go out. */
  readonly answers: readonly Uint8Array[];
  /** undefined if it ended well. */
  readonly status: Pick<StatusObject, "code" | "details" | "metadata"> | undefined;
  /** The caller hung up, for there was nothing more to come. */
  readonly isCancelled: boolean;
  /** What a server would have logged as an error: failures that nobody foresaw. */
  readonly errors: readonly unknown[];
}

export interface CallSettings {
  /** Default: an address of nobody. */
  readonly remoteHost?: string;
  /** Turns of the event loop after which the caller hangs up. */
  readonly turnsMax?: number;
}

type Settle = (status: CallOutcome["status"]) => void;

/** What handlers see of a call of grpc-js, without a connection. */
class FakeCall extends EventEmitter {
  readonly answers: Uint8Array[] = [];
  cancelled = false;
  readonly request: unknown;
  readonly iterator: () => AsyncIterable<unknown>;
  readonly #remoteHost: string;
  readonly #serialize: (message: unknown) => Uint8Array;
  readonly #settle: Settle;

  constructor(requests: readonly unknown[], remoteHost: string, serialize: (message: unknown) => Uint8Array, settle: Settle) {
    super();
    this.request = requests[0];
    this.iterator = async function* received() {
      yield* requests;
    };
    this.#remoteHost = remoteHost;
    this.#serialize = serialize;
    this.#settle = settle;
    this.on("error", settle);
  }

  getPeer(): string {
    return `${this.#remoteHost}:40000`;
  }

  sendMetadata(): void {}

  write(message: unknown, onSent: () => void): boolean {
    this.answers.push(this.#serialize(message));
    setImmediate(onSent);
    return true;
  }

  end(): void {
    this.#settle(undefined);
  }

  hangUp(): void {
    this.cancelled = true;
    this.emit("cancelled");
    this.emit("close");
  }
}

/** Bytes of a message that may be a Buffer, or something that copies itself. */
function bytesOf(encoded: { readonly byteLength: number; copy(target: Uint8Array): number }): Uint8Array {
  const bytes = Buffer.alloc(encoded.byteLength);
  encoded.copy(bytes);
  return bytes;
}

/**
 * Makes a call with requests that are any bytes, without a connection: everything between them and the answers is what a server runs. The
 * caller hangs up when there was no end after a few turns of the event loop.
 */
export async function callMethod(
  implementation: ServiceImplementation,
  name: string,
  requests: readonly Uint8Array[],
  { remoteHost = "192.0.2.7", turnsMax = 8 }: CallSettings = {},
): Promise<CallOutcome> {
  const errors: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => void errors.push((fields as { readonly error?: unknown }).error ?? fields) };
  const method = implementation.methods(logger).find(({ path }) => path.endsWith(`/${name}`));
  assert(method !== undefined, `there is no method ${name}`);
  const received = requests.map((request) => method.deserialize(Buffer.from(request)));
  const serialize = (message: unknown): Uint8Array => bytesOf(method.serialize(message as Parameters<typeof method.serialize>[0]));
  const { promise: ended, settle, state } = createEnding();
  const call = new FakeCall(received, remoteHost, serialize, settle);
  const answerOnce = (status: CallOutcome["status"] | null, message?: unknown): void => {
    if (status === null) call.answers.push(serialize(message));
    settle(status ?? undefined);
  };
  (method.handle as (call: unknown, callback: unknown) => void)(call, answerOnce);
  for (let turn = 0; turn < turnsMax && !state.isOver; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const isCancelled = !state.isOver;
  if (isCancelled) call.hangUp();
  return { answers: call.answers, status: await ended, isCancelled, errors };
}

function createEnding() {
  const state = { isOver: false };
  let resolve!: (status: CallOutcome["status"]) => void;
  const promise = new Promise<CallOutcome["status"]>((settled) => {
    resolve = settled;
  });
  const settle: Settle = (status) => {
    state.isOver = true;
    resolve(status);
  };
  return { promise, settle, state };
}
