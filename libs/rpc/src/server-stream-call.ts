import type { PiecewiseError } from "@piecewise/base";
import { BulkReader } from "./bulk/bulk-reader.js";
import { metadataWithReader } from "./bulk/bulk-transport.js";
import type { RpcChannel } from "./channel.js";
import { type CallEvents, ClientCall } from "./client-call.js";
import { type MessageCodec, plainBytes } from "./message-codec.js";

/**
 * A server stream in progress. Callbacks instead of an async iterator: the hot path must not allocate a promise a chunk.
 * After `onEnd` or `cancel()` nothing more is called. Nothing is called before the starting call has returned.
 */
export interface StreamListener<Message> {
  /** Initial metadata came. */
  onHeaders?(): void;
  onMessage(message: Message): void;
  /** The call is over. `error` is undefined if the status was OK: then every message was delivered; otherwise the last ones may be lost. */
  onEnd(error: PiecewiseError | undefined): void;
}

export interface ClientStream {
  /** Ends the call; the listener hears nothing more. */
  cancel(): void;
  /** Stops reading from the transport, whose flow control then stops the sender. No message is delivered until `resume()`. */
  pause(): void;
  resume(): void;
}

/** Starts a call that is answered by a stream of messages. */
export function startServerStream<Message>(
  channel: RpcChannel,
  path: string,
  request: Buffer,
  codec: Pick<MessageCodec<never, Message>, "decode">,
  listener: StreamListener<Message>,
): ClientStream {
  let paused = false;
  let over = false;
  // At most one message was already asked for when the stream was paused; it waits here, and a good end behind it.
  let held: Uint8Array | undefined;
  let endedWell = false;

  const finish = (error: PiecewiseError | undefined): void => {
    if (over) return;
    over = true;
    held = undefined;
    reader?.close();
    listener.onEnd(error);
  };

  const fail = (what: string, cause?: unknown): void => {
    call.cancel();
    finish(call.protocolError(what, cause));
  };

  const deliver = (bytes: Uint8Array): void => {
    let message: Message;
    try {
      message = codec.decode(bytes);
    } catch (cause) {
      fail("a message that cannot be read", cause);
      return;
    }
    listener.onMessage(message);
    if (!paused) call.read();
  };

  const reader = channel.isBulk
    ? new BulkReader({
        onMessage(bytes) {
          if (!over) deliver(plainBytes(bytes));
        },
        onBroken: fail,
      })
    : undefined;

  const events: CallEvents = {
    onHeaders() {
      listener.onHeaders?.();
      reader?.open();
    },
    onMessage(bytes) {
      if (paused) held = bytes;
      else deliver(bytes);
    },
    onEnd(error) {
      const hasMessages = held !== undefined || reader?.hasMessages === true;
      if (hasMessages && error === undefined) endedWell = true;
      else finish(error);
    },
  };
  const call = new ClientCall(channel, path, Number.POSITIVE_INFINITY, request, events, reader && metadataWithReader(reader));

  return {
    cancel() {
      over = true;
      held = undefined;
      call.cancel();
      reader?.close();
    },
    pause() {
      paused = true;
      reader?.pause();
    },
    resume() {
      paused = false;
      const bytes = held;
      held = undefined;
      reader?.resume();
      if (bytes === undefined) call.read();
      else deliver(bytes);
      if (endedWell && reader?.hasMessages !== true) finish(undefined);
    },
  };
}
