import { createPrng } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import {
  DIAL_BACK_RETRY_MS,
  DIAL_BACKS_AT_ONCE_MAX,
  DIAL_BACKS_PER_ADDRESS_MAX,
  DIAL_BACKS_PER_SECOND_MAX,
  NETWORK_DIAL_BACKS_MAX,
  NETWORK_DIAL_BACKS_PER_SECOND_MAX,
} from "./limits.js";
import type { DialBack } from "./registry-calls.js";
import { createSwarmRegistry } from "./registry.js";
import { answerDialBacks } from "./testing/answer-dial-backs.js";

const LEASE_MS = 3_600_000;

function createTracker() {
  const registry = createSwarmRegistry({ leaseMs: LEASE_MS, prng: createPrng(1), createToken: () => "00", nowMs: 0 });
  let peers = 0;
  const register = (observedHost: string, nowMs: number) => {
    const peerId = (peers += 1).toString(16).padStart(32, "0");
    const place = { observedHost, port: 1 + (peers % 60_000), advertisedAddress: "" };
    registry.register({ peerId, ...place, contents: [], sequence: 0n, leaseToken: "" }, nowMs);
    return peerId;
  };
  const endAll = (dialBacks: readonly DialBack[], nowMs: number): void => {
    for (const { dialBackId } of dialBacks) registry.dialBackEnded(dialBackId, undefined, nowMs);
  };
  return { registry, register, endAll };
}

/** When each of so many is dialled, if those who are due are dialled as soon as they can be, and nobody answers for long. */
function dialTimes({ registry, endAll }: ReturnType<typeof createTracker>, count: number): number[] {
  const times: number[] = [];
  for (let nowMs = 0; times.length < count; nowMs = registry.nextDeadlineMs) {
    const due = registry.takeDialBacks(nowMs);
    for (const _ of due) times.push(nowMs);
    endAll(due, nowMs);
  }
  return times;
}

/** The most of some times in any window of so long. */
const mostIn = (times: readonly number[], windowMs: number): number =>
  Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + windowMs).length));

describe("the pace of dial-backs", () => {
  test("callers from one network have some at once, then a few in a second", () => {
    const tracker = createTracker();
    for (let peer = 0; peer < 64; peer += 1) tracker.register("203.0.113.1", 0);
    const times = dialTimes(tracker, 64);
    expect(times.filter((time) => time === 0)).toHaveLength(NETWORK_DIAL_BACKS_MAX);
    expect(mostIn(times.slice(NETWORK_DIAL_BACKS_MAX), 1_000)).toBe(NETWORK_DIAL_BACKS_PER_SECOND_MAX);
    expect(times.at(-1)).toBe((64 - NETWORK_DIAL_BACKS_MAX) * (1_000 / NETWORK_DIAL_BACKS_PER_SECOND_MAX));
  });

  test("a /64 of IPv6 is one network, and who waits for its turn holds up nobody from elsewhere", () => {
    const tracker = createTracker();
    for (let peer = 0; peer < 64; peer += 1) tracker.register(`2001:db8::${peer.toString(16)}`, 0);
    const other = tracker.register("2001:db8:0:1::1", 0);
    const due = tracker.registry.takeDialBacks(0);
    expect(due).toHaveLength(NETWORK_DIAL_BACKS_MAX + 1);
    expect(due.filter(({ peerId }) => peerId === other)).toMatchObject([{ address: "[2001:db8:0:1::1]:66" }]);
  });

  test("all together have so many in a second, and this machine no more", () => {
    const tracker = createTracker();
    const count = 4 * DIAL_BACKS_PER_SECOND_MAX;
    for (let peer = 0; peer < count; peer += 1) tracker.register(peer % 2 === 0 ? "127.0.0.1" : `203.0.${peer >> 8}.${peer & 255}`, 0);
    const times = dialTimes(tracker, count);
    expect(times.filter((time) => time === 0)).toHaveLength(DIAL_BACKS_PER_SECOND_MAX);
    expect(mostIn(times.slice(DIAL_BACKS_PER_SECOND_MAX), 1_000)).toBeLessThanOrEqual(DIAL_BACKS_PER_SECOND_MAX);
    expect(times.at(-1)).toBeLessThanOrEqual(3_001);
  });

  test("there are so many at a time; the next one comes when one has ended", () => {
    const { registry, register, endAll } = createTracker();
    for (let peer = 0; peer < 2 * DIAL_BACKS_AT_ONCE_MAX; peer += 1) register("127.0.0.1", 0);
    const underWay = [...registry.takeDialBacks(0), ...registry.takeDialBacks(60_000)];
    expect(underWay).toHaveLength(DIAL_BACKS_AT_ONCE_MAX);
    expect(registry.nextDeadlineMs).toBe(LEASE_MS);
    endAll(underWay.slice(0, 3), 60_000);
    expect(registry.nextDeadlineMs).toBeLessThanOrEqual(60_000);
    expect(registry.takeDialBacks(60_000)).toHaveLength(3);
  });
});

test("an address is tried a few times, ever more seldom, and anew if it is another one", () => {
  const { registry, endAll } = createTracker();
  const peer = { peerId: "1".repeat(32), port: 4001, contents: [], leaseToken: "00" };
  const call = (observedHost: string, nowMs: number) => registry.register({ ...peer, observedHost, advertisedAddress: "", sequence: 0n }, nowMs);
  const times: number[] = [];
  for (let nowMs = 0; nowMs < 3 * LEASE_MS; nowMs += 10_000) {
    call("203.0.113.1", nowMs);
    const due = registry.takeDialBacks(nowMs);
    if (due.length > 0) times.push(nowMs);
    endAll(due, nowMs);
  }
  expect(times).toEqual(Array.from({ length: DIAL_BACKS_PER_ADDRESS_MAX }, (_, attempt) => DIAL_BACK_RETRY_MS * (2 ** attempt - 1)));
  call("203.0.113.2", 3 * LEASE_MS);
  expect(registry.takeDialBacks(3 * LEASE_MS)).toMatchObject([{ address: "203.0.113.2:4001" }]);
});

test("who is not listed makes no lookup slower, whatever their number", () => {
  let draws = 0;
  const prng = createPrng(1);
  const below = (limit: number): number => {
    draws += 1;
    return prng.below(limit);
  };
  const registry = createSwarmRegistry({ leaseMs: LEASE_MS, prng: { ...prng, below }, createToken: () => "00", nowMs: 0 });
  const contents = [{ contentId: `sha256:${"1".repeat(64)}`, name: "film", totalBytes: 1, pieceLength: 1, entryCount: 1, progress: undefined }];
  const join = (peer: number) => {
    const place = { observedHost: `10.0.${peer >> 8}.${peer & 255}`, port: 1, advertisedAddress: "" };
    registry.register({ peerId: peer.toString(16).padStart(32, "0"), ...place, contents, sequence: 0n, leaseToken: "" }, 0);
  };
  join(1);
  answerDialBacks(registry, 0);
  for (let peer = 2; peer < 1_000; peer += 1) join(peer);
  draws = 0;
  const { peers } = registry.lookup({ what: { name: "film" }, pieceLength: 0, peersMax: 0, askerPeerId: "", askerHost: "10.9.9.9" }, 0);
  expect(peers).toHaveLength(1);
  expect(draws).toBe(1);
});
