import { CancelledError } from "@piecewise/base";
import type { RpcChannel } from "./channel.js";
import { ClientCall } from "./client-call.js";
import type { MessageCodec } from "./message-codec.js";

/** How long a unary call may take, and what ends it early. */
export interface UnaryCallOptions {
  /** Every unary call has a deadline. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Sends one request and resolves with its one answer. @throws PiecewiseError */
export function callUnary<Response>(
  channel: RpcChannel,
  path: string,
  request: Buffer,
  codec: Pick<MessageCodec<never, Response>, "decode">,
  { timeoutMs, signal }: UnaryCallOptions,
): Promise<Response> {
  if (signal?.aborted === true) return Promise.reject(new CancelledError());
  return new Promise((resolve, reject) => {
    let answer: Uint8Array | undefined;
    const call = new ClientCall(channel, path, Date.now() + timeoutMs, request, {
      onHeaders() {},
      onMessage(bytes) {
        if (answer !== undefined) return call.end(call.protocolError("two answers to one request"));
        answer = bytes;
        call.read();
      },
      onEnd(error) {
        signal?.removeEventListener("abort", onAbort);
        if (error !== undefined) return reject(error);
        if (answer === undefined) return reject(call.protocolError("no answer"));
        try {
          resolve(codec.decode(answer));
        } catch (cause) {
          reject(call.protocolError("an answer that cannot be read", cause));
        }
      },
    });
    const onAbort = () => call.end(new CancelledError());
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
