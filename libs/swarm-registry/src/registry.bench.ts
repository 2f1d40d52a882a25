import { createPrng } from "@piecewise/base";
import { bench, describe } from "vitest";
import { DIAL_BACKS_PER_SECOND_MAX } from "./limits.js";
import { createSwarmRegistry } from "./registry.js";
import { answerDialBacks } from "./testing/answer-dial-backs.js";

const SECONDS = 1_000;
/** So that none has to wait for its turn. */
const DIAL_MS = 1_000 / DIAL_BACKS_PER_SECOND_MAX;
const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, "0");
const contentId = `sha256:${hex(1, 64)}`;

/** One swarm of so many peers, each at an address of its own. */
function swarmOf(peers: number) {
  let tokens = 0;
  const registry = createSwarmRegistry({ leaseMs: 60 * SECONDS, prng: createPrng(1), createToken: () => hex((tokens += 1), 32), nowMs: 0 });
  const leases = Array.from({ length: peers }, (_, index) => {
    const announcement = { contentId, name: "content", totalBytes: 2 ** 30, pieceLength: 2 ** 20, entryCount: 1, progress: undefined };
    const place = { observedHost: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, port: 4000, advertisedAddress: "" };
    const peerId = hex(index + 1, 32);
    const { leaseToken } = registry.register({ peerId, ...place, contents: [announcement], sequence: 0n, leaseToken: "" }, index * DIAL_MS);
    answerDialBacks(registry, index * DIAL_MS);
    return { peerId, leaseToken, observedHost: place.observedHost, sequence: 0n };
  });
  return { registry, leases };
}

describe.each([100, 10_000])("a swarm of %i peers", (peers) => {
  const { registry, leases } = swarmOf(peers);
  let next = 0;
  let nowMs = peers * DIAL_MS;

  bench("lookup of 100 peers", () => {
    registry.lookup({ what: { contentId }, pieceLength: 0, askerPeerId: "", askerHost: "10.0.0.0", peersMax: 100 }, nowMs);
  });

  bench("renewal with progress", () => {
    const lease = leases[(next = (next + 1) % peers)]!;
    nowMs += 0.001;
    lease.sequence += 1n;
    const progress = [{ contentId, piecesHeld: Number(lease.sequence % 1024n), coarseMap: new Uint8Array(64) }];
    registry.renew({ ...lease, added: [], removed: [], progress }, nowMs);
  });
});
