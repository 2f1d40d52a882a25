import type { MessageShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { RemoteError, silentLogger } from "@piecewise/base";
import { type RegisterRequestSchema, type RenewRequestSchema, TrackerService } from "@piecewise/contract";
import { implementService, type ServiceHandlers, startRpcServer } from "@piecewise/rpc";

type TrackerHandlers = ServiceHandlers<typeof TrackerService>;
type RegisterRequest = MessageShape<typeof RegisterRequestSchema>;
type RenewRequest = MessageShape<typeof RenewRequestSchema>;

/** A call that a peer made to keep its lease. */
export type LeaseRequest =
  | { readonly name: "register"; readonly request: RegisterRequest }
  | { readonly name: "renew"; readonly request: RenewRequest }
  | { readonly name: "unregister" };

/** A tracker that notes who keeps a lease how, and does only what the test gives it to do. */
export interface FakeTracker extends AsyncDisposable {
  readonly address: string;
  readonly calls: readonly LeaseRequest[];
}

export const LEASE_TOKEN = Uint8Array.from({ length: 16 }, (_, index) => index);

/** What a tracker answers that wants to hear again after so long. */
export const leaseOf = (renewAfterMs: number) => ({
  leaseToken: LEASE_TOKEN,
  renewAfter: durationFromMs(renewAfterMs),
  listedAddress: "192.0.2.1:4001",
});

export async function startFakeTracker(handlers: Partial<TrackerHandlers> = {}): Promise<FakeTracker> {
  const calls: LeaseRequest[] = [];
  const all: TrackerHandlers = {
    register: () => leaseOf(60_000),
    renew: () => leaseOf(60_000),
    unregister: () => ({}),
    lookup: () => {
      throw new RemoteError("CONTENT_NOT_FOUND", "nobody has that");
    },
    listContents: () => ({}),
    watchPeers: async () => {},
    getStats: () => ({}),
    ...handlers,
  };
  const noting: TrackerHandlers = {
    ...all,
    register(request, context) {
      calls.push({ name: "register", request });
      return all.register(request, context);
    },
    renew(request, context) {
      calls.push({ name: "renew", request });
      return all.renew(request, context);
    },
    unregister(request, context) {
      calls.push({ name: "unregister" });
      return all.unregister(request, context);
    },
  };
  const server = await startRpcServer({
    listen: { host: "127.0.0.1", port: 0 },
    services: [implementService(TrackerService, noting)],
    logger: silentLogger,
    limits: { requestBytesMax: 1024 * 1024 },
  });
  return { address: server.address, calls, [Symbol.asyncDispose]: () => server.close({ drainMs: 0 }) };
}
