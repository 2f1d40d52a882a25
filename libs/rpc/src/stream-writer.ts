import { Metadata } from "@grpc/grpc-js";
import type { StreamWriter } from "./handlers.js";

/** What this needs of a server stream of grpc-js. */
export interface WritableCall {
  sendMetadata(metadata: Metadata): void;
  write(message: unknown, onSent: () => void): boolean;
}

/**
 * Messages of one stream that the transport may hold: one that is being sent and one behind it, so that the connection never waits for a
 * handler. The bound of grpc-js itself, 16 messages, would be 16 MiB of chunks for every slow reader.
 */
export const STREAM_MESSAGES_IN_FLIGHT_MAX = 2;

/** The writer of one call, and `end` for whoever learns that the call is over. */
export function createStreamWriter<Message>(call: WritableCall): StreamWriter<Message> & { end(): void } {
  let inFlight = 0;
  let over = false;
  let waiting: (() => void)[] = [];

  const hasRoom = (): boolean => over || inFlight < STREAM_MESSAGES_IN_FLIGHT_MAX;
  const release = (): void => {
    if (!hasRoom()) return;
    const ready = waiting;
    waiting = [];
    for (const resolve of ready) resolve();
  };
  const onSent = (): void => {
    inFlight -= 1;
    release();
  };
  const onDisposableSent = (message: Disposable): void => {
    message[Symbol.dispose]();
    onSent();
  };

  return {
    sendHeaders() {
      if (!over) call.sendMetadata(new Metadata());
    },
    write(message) {
      if (over) return false;
      inFlight += 1;
      call.write(message, isDisposable(message) ? () => onDisposableSent(message) : onSent);
      return hasRoom();
    },
    drained: () => (hasRoom() ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    end() {
      over = true;
      release();
    },
  };
}

const isDisposable = (message: unknown): message is Disposable => typeof message === "object" && message !== null && Symbol.dispose in message;
