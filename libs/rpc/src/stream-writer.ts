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
  let waiting: { readonly inFlightMax: number; readonly resolve: () => void }[] = [];

  const isDownTo = (inFlightMax: number): boolean => over || inFlight <= inFlightMax;
  const hasRoom = (): boolean => isDownTo(STREAM_MESSAGES_IN_FLIGHT_MAX - 1);
  const until = (inFlightMax: number): Promise<void> =>
    isDownTo(inFlightMax) ? Promise.resolve() : new Promise((resolve) => waiting.push({ inFlightMax, resolve }));
  const release = (): void => {
    const ready = waiting.filter((waiter) => isDownTo(waiter.inFlightMax));
    waiting = waiting.filter((waiter) => !isDownTo(waiter.inFlightMax));
    for (const { resolve } of ready) resolve();
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
    drained: () => until(STREAM_MESSAGES_IN_FLIGHT_MAX - 1),
    sent: () => until(0),
    end() {
      over = true;
      release();
    },
  };
}

const isDisposable = (message: unknown): message is Disposable => typeof message === "object" && message !== null && Symbol.dispose in message;
