import type { CallContext } from "./handlers.js";
import { remoteHostOf } from "./remote-host.js";

/** What this needs of a server call of grpc-js. */
export interface CancellableCall {
  readonly cancelled: boolean;
  getPeer(): string;
  once(event: "cancelled", listener: () => void): unknown;
}

/** The context of one call. `end` is to be called when the call was answered, since grpc-js then reports a cancellation, too. */
export function createCallContext(call: CancellableCall): CallContext & { end(): void } {
  const controller = new AbortController();
  let answered = false;
  if (call.cancelled) controller.abort();
  call.once("cancelled", () => {
    if (!answered) controller.abort();
  });
  return {
    remoteHost: remoteHostOf(call.getPeer()),
    signal: controller.signal,
    end() {
      answered = true;
    },
  };
}
