import { expect, test } from "vitest";
import { bencode } from "./bencode.js";
import { TrackerState } from "./tracker-state.js";

const answer = (...peers: number[]): Buffer => bencode({ interval: 1_800, peers: Uint8Array.from(peers) });

test("every peer is told of all others, until they leave", () => {
  const state = new TrackerState();
  const seeder = { address: "10.77.0.1", port: 258, left: 0, event: undefined };
  const fetcher = { address: "10.77.0.2", port: 7, left: 9, event: "started" };

  expect(state.announce(seeder)).toEqual(answer());
  expect(state.announce(fetcher)).toEqual(answer(10, 77, 0, 1, 1, 2));
  expect(state.announce(seeder)).toEqual(answer(10, 77, 0, 2, 0, 7));
  state.announce({ ...fetcher, event: "stopped" });
  expect(state.announce(seeder)).toEqual(answer());
});
