import { createPrng } from "@piecewise/base";
import { createSwarmRegistry } from "@piecewise/swarm-registry";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RegistryLoop } from "./registry-loop.js";

const contentId = `sha256:${"a".repeat(64)}`;
const request = { contentId, peersMax: 0, askerPeerId: "", askerHost: "127.0.0.1" };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function startLoop() {
  const empty = createSwarmRegistry({ leaseMs: 30_000, prng: createPrng(1), createToken: () => "00", nowMs: Date.now() });
  const loop = new RegistryLoop(empty, Date.now);
  const register = (peer: string) =>
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
  const heard: string[] = [];
  const watch = (takes: () => boolean) =>
    loop.openWatch(request, {
      onChange({ added, removed }) {
        heard.push(`+${added.map(({ address }) => address).join()} -${removed.join()}`);
        return takes();
      },
      onEnd: ({ code }) => heard.push(code),
    });
  return { loop, register, watch, heard };
}

test("the timer follows the deadlines and rests when there are none", () => {
  const { loop, register, watch, heard } = startLoop();
  expect(vi.getTimerCount()).toBe(0);
  register("1");
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

test("a watcher that has enough hears nothing until it resumes, then all at once", () => {
  const { loop, register, watch, heard } = startLoop();
  const opened = watch(() => false);
  vi.advanceTimersByTime(0);
  register("1");
  vi.advanceTimersByTime(5_000);
  register("2");
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

test("closing ends watches and timers, and admits no new watch", () => {
  const { loop, register, watch, heard } = startLoop();
  watch(() => true);
  loop.close();
  register("1");
  expect(heard).toEqual(["GOING_AWAY"]);
  expect(vi.getTimerCount()).toBe(0);
  expect(() => watch(() => true)).toThrow(expect.objectContaining({ code: "GOING_AWAY" }));
});
