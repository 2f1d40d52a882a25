import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { createPrng, GrpcCode, silentLogger } from "@piecewise/base";
import { RegisterRequestSchema, TrackerService, WatchPeersRequestSchema } from "@piecewise/contract";
import { fromServiceError } from "@piecewise/rpc";
import { callMethod } from "@piecewise/rpc/testing";
import { createSwarmRegistry, type RegistryLimits } from "@piecewise/swarm-registry";
import { expect, test, vi } from "vitest";
import { RegistryLoop } from "./registry-loop.js";
import { createTrackerService } from "./tracker-service.js";

type Registration = MessageInitShape<typeof RegisterRequestSchema>;
type Contents = NonNullable<Registration["contents"]>;

const ROOMY: RegistryLimits = {
  leasesMax: 9,
  contentsMax: 9,
  namesMax: 9,
  membershipsMax: 9,
  leasesPerNetworkMax: 9,
  membershipsPerNetworkMax: 9,
  watchersMax: 9,
  contentsPerLeaseMax: 9,
};

const announce = (digit: number, name = `${digit}`): Contents[number] => ({
  contentId: `sha256:${String(digit).repeat(64)}`,
  name,
  totalBytes: 1n,
  pieceLength: 1,
});

/** A tracker that takes no more than one of something, and has it. */
async function createFullTracker(limit: keyof RegistryLimits) {
  const limits = { ...ROOMY, [limit]: 1 };
  const registry = createSwarmRegistry({ leaseMs: 30_000, prng: createPrng(1), createToken: () => "00".repeat(16), nowMs: 0, limits });
  const loop = new RegistryLoop(registry, () => 0, async () => undefined);
  const service = createTrackerService(loop, silentLogger);
  const register = (peer: number, remoteHost: string, contents: Contents = [announce(1)]) => {
    const request = create(RegisterRequestSchema, { peerId: new Uint8Array(16).fill(peer), port: 4_000 + peer, contents });
    return callMethod(service, "Register", [toBinary(RegisterRequestSchema, request)], { remoteHost });
  };
  const watch = () => {
    const request = create(WatchPeersRequestSchema, { contentId: announce(1).contentId! });
    return callMethod(service, TrackerService.method.watchPeers.name, [toBinary(WatchPeersRequestSchema, request)]);
  };
  const first = await register(1, "192.0.2.1");
  expect(first.status).toBeUndefined();
  loop.openWatch({ contentId: announce(1).contentId!, peersMax: 0, askerPeerId: "", askerHost: "192.0.2.1" }, { onChange: () => true, onEnd() {} });
  return { register, watch, close: () => loop.close() };
}

type FullTracker = Awaited<ReturnType<typeof createFullTracker>>;

/** One more of each, which only this limit refuses. */
const ONE_MORE: Readonly<Record<Exclude<keyof RegistryLimits, "contentsPerLeaseMax">, (tracker: FullTracker) => ReturnType<FullTracker["watch"]>>> = {
  leasesMax: ({ register }) => register(2, "192.0.2.2"),
  contentsMax: ({ register }) => register(2, "192.0.2.2", [announce(2, "1")]),
  namesMax: ({ register }) => register(2, "192.0.2.2", [announce(1, "another")]),
  membershipsMax: ({ register }) => register(2, "192.0.2.2"),
  leasesPerNetworkMax: ({ register }) => register(2, "192.0.2.1", []),
  membershipsPerNetworkMax: ({ register }) => register(2, "192.0.2.1"),
  watchersMax: ({ watch }) => watch(),
};

test.each(Object.keys(ONE_MORE) as (keyof typeof ONE_MORE)[])("%s is refused with a reason and a time to come back", async (limit) => {
  const tracker = await createFullTracker(limit);
  const { status } = await ONE_MORE[limit](tracker);
  expect(status).toMatchObject({ code: GrpcCode.RESOURCE_EXHAUSTED });
  const { code, retryAfterMs } = fromServiceError(status!, { kind: "tracker", address: "192.0.2.9:1" });
  expect(code).toBe("TRACKER_FULL");
  expect(retryAfterMs).toBeGreaterThanOrEqual(9_000);
  expect(retryAfterMs).toBeLessThanOrEqual(11_000);
  tracker.close();
});

test("to wait would not help who has too many contents", async () => {
  const tracker = await createFullTracker("contentsPerLeaseMax");
  const { status } = await tracker.register(2, "192.0.2.2", [announce(1), announce(2)]);
  expect(status).toMatchObject({ code: GrpcCode.INVALID_ARGUMENT });
  tracker.close();
});

test("who was too slow is told when to come back", () => {
  vi.useFakeTimers();
  const registry = createSwarmRegistry({ leaseMs: 30_000, prng: createPrng(1), createToken: () => "00", nowMs: Date.now() });
  const loop = new RegistryLoop(registry, Date.now, async () => undefined);
  let ended: unknown;
  loop.openWatch(
    { contentId: announce(1).contentId!, peersMax: 0, askerPeerId: "", askerHost: "192.0.2.1" },
    { onChange: () => false, onEnd: (error) => void (ended = error) },
  );
  vi.advanceTimersByTime(50_000);
  expect(ended).toMatchObject({ code: "TOO_SLOW", retryAfterMs: 1_000 });
  loop.close();
  vi.useRealTimers();
});
