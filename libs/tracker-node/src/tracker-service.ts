import { isIP } from "node:net";
import { CancelledError, type Logger } from "@piecewise/base";
import { TrackerService } from "@piecewise/contract";
import { type CallContext, type ServiceImplementation, implementService } from "@piecewise/rpc";
import type { RegistryLoop } from "./registry-loop.js";
import * as wire from "./wire.js";

/** The TrackerService on top of a registry: carries calls to it and back, and decides nothing. */
export function createTrackerService(loop: RegistryLoop, logger: Logger): ServiceImplementation {
  return implementService(TrackerService, {
    async register(request, context) {
      const registration = wire.toRegistration(request, hostOf(context));
      const grant = loop.call((registry, nowMs) => registry.register(registration, nowMs));
      // Whoever knows that it is registered wants to be found.
      if (grant.reachability === "unknown") await loop.dialled(registration.peerId, context.signal);
      if (context.signal.aborted && registration.leaseToken === "") {
        // Nobody will ever know the token: the peer would be found, and could not get at its lease.
        loop.call((registry, nowMs) => registry.unregister(registration.peerId, grant.leaseToken, nowMs));
        throw new CancelledError("the caller has hung up");
      }
      const listing = loop.call((registry) => registry.listingOf(registration.peerId));
      logger.debug({ ...listing, contentCount: request.contents.length }, "peer registered");
      return wire.fromLeaseGrant({ ...grant, ...listing });
    },

    renew(request, context) {
      return wire.fromLeaseTerm(loop.call((registry, nowMs) => registry.renew(wire.toRenewal(request, hostOf(context)), nowMs)));
    },

    unregister({ peerId, leaseToken }) {
      loop.call((registry, nowMs) => registry.unregister(wire.toHex(peerId), wire.toHex(leaseToken), nowMs));
      return {};
    },

    lookup(request, context) {
      return wire.fromLookupAnswer(loop.call((registry, nowMs) => registry.lookup(wire.toLookup(request, hostOf(context)), nowMs)));
    },

    listContents(request) {
      return wire.fromContentPage(loop.call((registry, nowMs) => registry.listContents(wire.toContentQuery(request), nowMs)));
    },

    watchPeers: (request, context, stream) =>
      new Promise((resolve, reject) => {
        const watch = loop.openWatch(wire.toWatchRequest(request, hostOf(context)), {
          onChange(event) {
            if (stream.write(wire.fromWatchEvent(event))) return true;
            void stream.drained().then(watch.resume);
            return false;
          },
          onEnd: reject,
        });
        const leave = (): void => {
          watch.close();
          resolve();
        };
        if (context.signal.aborted) leave();
        else context.signal.addEventListener("abort", leave, { once: true });
      }),

    getStats() {
      return wire.fromStats(loop.call((registry, nowMs) => registry.stats(nowMs)));
    },
  });
}

/** The address of the caller; of one that has hung up there is none, and it must not be listed under what takes its place. */
function hostOf({ remoteHost }: CallContext): string {
  if (isIP(remoteHost) === 0) throw new CancelledError("the caller has hung up");
  return remoteHost;
}
