import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { createError, GrpcCode, type PiecewiseError } from "@piecewise/base";
import type { GrpcCall, RpcChannel } from "./channel.js";
import { clearConnectionStatus } from "./connection-status.js";
import { plainBytes } from "./message-codec.js";
import { fromServiceError } from "./status.js";

/** What grpc-js says, on either side, of a message that is too large to be read. */
const TOO_LARGE = /^Received message (?:larger than max \((\d+) vs\.? \d+\)|that decompresses to a size larger than \d+)/;

/** What a call reports. After `onEnd` or `cancel()` nothing more is called. */
export interface CallEvents {
  onHeaders(): void;
  /** One message as it came; the next one follows only after `read()`. */
  onMessage(bytes: Uint8Array): void;
  /** The call is over; `error` is undefined if the status was OK. */
  onEnd(error: PiecewiseError | undefined): void;
}

/** One call from this side with one request, from start to status: the only place that talks to a grpc-js call. */
export class ClientCall {
  readonly #channel: RpcChannel;
  readonly #events: CallEvents;
  readonly #call: GrpcCall | undefined;
  readonly #requestBytes: number;
  #over = false;
  #reading = false;

  /** Starts the call. `deadlineMs` is in epoch milliseconds, Infinity for none. Events come later, never during the constructor. */
  constructor(channel: RpcChannel, path: string, deadlineMs: number, request: Buffer, events: CallEvents, metadata = new Metadata()) {
    this.#channel = channel;
    this.#events = events;
    this.#requestBytes = request.byteLength;
    this.#call = channel.createCall(path, deadlineMs, this.end);
    this.#call?.start(metadata, {
      onReceiveMetadata: () => {
        if (this.#over) return;
        channel.answered(this.#call!);
        events.onHeaders();
      },
      onReceiveMessage: (bytes: Buffer) => {
        this.#reading = false;
        if (!this.#over) events.onMessage(plainBytes(bytes));
      },
      onReceiveStatus: (status) => this.#finish(status),
    });
    this.#call?.sendMessageWithContext({}, request);
    this.#call?.halfClose();
    this.read();
  }

  /** Asks for the next message, or for the status if there is none. Asking twice is asking once. */
  read(): void {
    if (this.#over || this.#reading) return;
    this.#reading = true;
    this.#call?.startRead();
  }

  /** Ends the call without a word. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#channel.forgetCall(this.end);
    this.#call?.cancelWithStatus(GrpcCode.CANCELLED, "cancelled");
  }

  /** What to report when the other side broke the contract. */
  protocolError(what: string, cause?: unknown): PiecewiseError {
    const { kind, address } = this.#channel.remote;
    return createError("PROTOCOL_VIOLATION", `${kind} ${address} broke the protocol: ${what}`, { remote: address, cause });
  }

  /** Ends the call with this error. */
  readonly end = (error: PiecewiseError): void => {
    if (this.#over) return;
    this.cancel();
    this.#events.onEnd(error);
  };

  #finish(status: StatusObject): void {
    if (this.#over) return;
    this.#over = true;
    this.#channel.forgetCall(this.end);
    if (status.code === GrpcCode.OK) this.#events.onEnd(undefined);
    else if (this.#isOwnRefusal(status)) this.#events.onEnd(this.protocolError("a message that is too large"));
    else this.#events.onEnd(fromServiceError(clearConnectionStatus(status), this.#channel.remote));
  }

  /** Whether grpc-js on this side refused what came. With the size of our request it is the other side that could not read that. */
  #isOwnRefusal({ code, details }: StatusObject): boolean {
    const match = code === GrpcCode.RESOURCE_EXHAUSTED ? TOO_LARGE.exec(details) : null;
    return match !== null && Number(match[1]) !== this.#requestBytes;
  }
}
