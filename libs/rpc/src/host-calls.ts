import type { ServerHttp2Stream } from "node:http2";
import type { ServerInterceptingCall, ServerInterceptor } from "@grpc/grpc-js";
import { createError, type Logger } from "@piecewise/base";
import type { TrustedProxies } from "./caller-host.js";
import { HostQuota } from "./host-quota.js";
import { remoteHostOf } from "./remote-host.js";
import { toStatus } from "./status.js";

/** What a refused caller is told to wait. */
const RETRY_AFTER_MS = 1_000;

/**
 * Refuses calls from a network that has too many open, over all of its connections. A call counts from its headers to the end of its stream,
 * also while its request is still on the way: a caller that sends one byte a second is seen by no handler.
 */
export function limitCallsPerHost(callsPerHostMax: number, proxies: TrustedProxies, logger: Logger): ServerInterceptor {
  const quota = new HostQuota(callsPerHostMax, (host) => logger.warn({ host, callsPerHostMax }, "refused a call: too many from one address are open"));
  return (_method, passedCall) => {
    // Nothing of it is intercepted: it goes on as it came, without a layer around every message.
    const call = passedCall as ServerInterceptingCall;
    const host = remoteHostOf(call.getPeer());
    // Its calls are those of many.
    if (proxies.has(host)) return call;
    if (!quota.admit(host)) {
      // Ends it: no handler hears of it.
      call.sendStatus(toStatus(createError("BUSY", "too many calls from this address are open; try again later", { retryAfterMs: RETRY_AFTER_MS })));
      return call;
    }
    // What grpc-js tells of an end is not told of a call that ends before it is handled.
    const { stream } = passedCall as unknown as { readonly stream: ServerHttp2Stream };
    if (stream.destroyed) quota.release(host);
    else stream.once("close", () => quota.release(host));
    return call;
  };
}
