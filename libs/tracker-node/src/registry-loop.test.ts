import { createPrng } from "@piecewise/base";
import { createSwarmRegistry } from "@piecewise/swarm-registry";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Dial } from "./dial-back.js";
import { RegistryLoop } from "./registry-loop.js";

const contentId = `sha256:${"a".repeat(64)}`;
const request = { contentId, peersMax: 0, askerPeerId: "", askerHost: "127.0.0.1" };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function startLoop() {
  const empty = createSwarmRegistry({ leaseMs: 30_000, prng: createPrng(1), createToken: () => "00", nowMs: Date.now() });
  const dials: { address: string; end: (isFound: boolean) => void }[] = [];
  const dial: Dial = ({ address, nonce }) =>
    new Promise((resolve) => {
      // The port says who it is.
      const peerIds = [address.slice(-1).repeat(32)];
      dials.push({ address, end: (isFound) => resolve(isFound ? { nonce, peerIds } : undefined) });
    });
  const loop = new RegistryLoop(empty, Date.now, dial);
  const enter = (peer: string) =>
    loop.call((registry, nowMs) =>
      registry.register(
        {
          peerId: peer.repeat(32),
          observedHost: "127.0.0.1",
          port: Number(`4${peer}`),
          advertisedAddress: "",
          contents: [{ contentId, name: "film", totalBytes: 1, pieceLength: 1, entryCount: 1, progress: undefined }],
          sequence: 0n,
          leaseToken: "",
        },
        nowMs,
      ),
    );
  /** A peer that is found where it says. */
  const register = async (peer: string): Promise<void> => {
    enter(peer);
    dials.splice(0).forEach(({ end }) => end(true));
    await loop.dialled(peer.repeat(32), new AbortController().signal);
  };
  const heard: string[] = [];
  const watch = (takes: () => boolean) =>
    loop.openWatch(request, {
      onChange({ added, removed }) {
        heard.push(`+${added.map(({ address }) => address).join()} -${removed.join()}`);
        return takes();
      },
      onEnd: ({ code }) => heard.push(code),
    });
  return { loop, enter, register, dials, watch, heard };
}

test("the timer follows the deadlines and rests when there are none", async () => {
  const { loop, register, watch, heard } = startLoop();
  expect(vi.getTimerCount()).toBe(0);
  await register("1");
  const opened = watch(() => true);
  vi.advanceTimersByTime(0);
  expect(heard).toEqual(["+127.0.0.1:41 -"]);
  vi.advanceTimersByTime(29_999);
  expect(heard.slice(1)).toEqual(["+ -", "+ -"]);
  vi.advanceTimersByTime(1);
  expect(heard.slice(3)).toEqual(["+ -127.0.0.1:41"]);
  opened.close();
  opened.close();
  vi.advanceTimersByTime(60_000);
  expect(vi.getTimerCount()).toBe(0);
  loop.close();
});

test("a watcher that has enough hears nothing until it resumes, then all at once", async () => {
  const { loop, register, watch, heard } = startLoop();
  const opened = watch(() => false);
  vi.advanceTimersByTime(0);
  await register("1");
  vi.advanceTimersByTime(5_000);
  await register("2");
  vi.advanceTimersByTime(5_000);
  expect(heard).toEqual(["+ -"]);
  opened.resume();
  vi.advanceTimersByTime(0);
  expect(heard.slice(1).map((line) => line.length)).toEqual(["+127.0.0.1:41,127.0.0.1:42 -".length]);
  loop.close();
});

test("a watcher that never resumes is sent away, and coming back too late does no harm", () => {
  const { loop, watch, heard } = startLoop();
  const opened = watch(() => false);
  vi.advanceTimersByTime(44_999);
  expect(heard).toEqual(["+ -"]);
  vi.advanceTimersByTime(1);
  expect(heard).toEqual(["+ -", "TOO_SLOW"]);
  opened.resume();
  opened.close();
  expect(loop.call((registry, nowMs) => registry.stats(nowMs).watcherCount)).toBe(0);
  loop.close();
});

test("closing ends watches and timers, and admits no new watch", async () => {
  const { loop, register, watch, heard } = startLoop();
  watch(() => true);
  loop.close();
  await register("1");
  expect(heard).toEqual(["GOING_AWAY"]);
  expect(vi.getTimerCount()).toBe(0);
  expect(() => watch(() => true)).toThrow(expect.objectContaining({ code: "GOING_AWAY" }));
});

test("whoever waits for a dial-back hears of its end, or leaves, or waits no longer than it may take", async () => {
  const { loop, enter, dials } = startLoop();
  const reachability = () => loop.call((registry) => registry.listingOf("1".repeat(32))!.reachability);
  enter("1");
  expect(dials.map(({ address }) => address)).toEqual(["127.0.0.1:41"]);
  const leaving = new AbortController();
  const left = loop.dialled("1".repeat(32), leaving.signal);
  leaving.abort();
  await left;
  await loop.dialled("1".repeat(32), leaving.signal);
  const late = loop.dialled("1".repeat(32), new AbortController().signal);
  vi.advanceTimersByTime(3_500);
  await late;
  expect(reachability()).toBe("unknown");
  const ended = loop.dialled("1".repeat(32), new AbortController().signal);
  dials[0]!.end(false);
  await ended;
  expect(reachability()).toBe("unreachable");
  loop.close();
  expect(vi.getTimerCount()).toBe(0);
});

test("closing ends dial-backs and whoever waits for them, and begins no new ones", async () => {
  const { loop, enter, dials } = startLoop();
  enter("1");
  const waited = loop.dialled("1".repeat(32), new AbortController().signal);
  loop.close();
  await waited;
  await loop.dialled("1".repeat(32), new AbortController().signal);
  enter("2");
  expect(dials).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});
