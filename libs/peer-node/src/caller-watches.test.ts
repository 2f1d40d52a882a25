import type { UploadEvent } from "@piecewise/piece-engine";
import { afterEach, expect, test } from "vitest";
import { CallerWatches } from "./caller-watches.js";
import { testFile } from "./testing/fake-content.js";
import { aborted, startFakePeer, type PeerHandlers } from "./testing/fake-peer.js";
import { until } from "./testing/until.js";

const { contentId } = testFile(350, 100);
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function watch(watchPieces: PeerHandlers["watchPieces"]) {
  const peer = await startFakePeer({ watchPieces });
  const watches = new CallerWatches(new Uint8Array(16).fill(1));
  closers.push(
    () => watches.close(),
    () => peer.close({ drainMs: 0 }),
  );
  const heard: UploadEvent[] = [];
  watches.watch(contentId, peer.address, (event) => void heard.push(event));
  return { watches, heard, about: { content: contentId, address: peer.address } };
}

test("what a caller offers is told, first as a whole, then as it changes", async () => {
  const { heard, about } = await watch(async (_, { signal }, stream) => {
    stream.write({ offered: new Uint8Array([0x80]) });
    stream.write({});
    stream.write({ added: [{ first: 1, count: 2 }] });
    await aborted(signal);
  });
  await until(() => heard.length >= 2);
  expect(heard).toMatchObject([
    { type: "callerWatched", ...about, offered: new Uint8Array([0x80]) },
    { type: "callerOffers", ...about, added: [{ first: 1, count: 2 }] },
  ]);
});

test("a caller that ends the watch is lost", async () => {
  const { heard, about } = await watch(async () => {});
  await until(() => heard.length > 0);
  expect(heard).toEqual([{ type: "callerLost", ...about }]);
});

test("of one that is not watched any more nothing is heard", async () => {
  let hasLeft = false;
  const { watches, heard, about } = await watch(async (_, { signal }, stream) => {
    stream.write({ offered: new Uint8Array([0x80]) });
    await aborted(signal);
    hasLeft = true;
  });
  await until(() => heard.length > 0);
  watches.unwatch(contentId, about.address);
  await until(() => hasLeft);
  expect(heard.map(({ type }) => type)).toEqual(["callerWatched"]);
});
