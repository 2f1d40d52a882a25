import type { CallContext } from "./handlers.js";

/** What this needs of a server call of grpc-js. */
export interface CancellableCall {
  readonly cancelled: boolean;
  once(event: "cancelled", listener: () => void): unknown;
}

/** The context of one call. `end` is to be called when the call was answered, since grpc-js then reports a cancellation, too. */
export function createCallContext(call: CancellableCall, remoteHost: string): CallContext & { end(): void } {
  const controller = new AbortController();
  let answered = false;
  if (call.cancelled) controller.abort();
  call.once("cancelled", () => {
    if (!answered) controller.abort();
  });
  return {
    remoteHost,
    signal: controller.signal,
    end() {
      answered = true;
    },
  };
}
