import { createPrng } from "@piecewise/base";
import { describe, expect, test } from "vitest";
import { BanList } from "./ban-list.js";
import { KNOWN_PEER_TTL_MS, KNOWN_PEERS_MAX, KnownPeers } from "./known-peers.js";

const stranger = { address: undefined, isLoopback: false };
const prng = createPrng(1);

describe("known peers", () => {
  test("are passed on, except to themselves", () => {
    const known = new KnownPeers(new BanList());
    known.saw("192.0.2.1:1", 0);
    known.saw("192.0.2.2:2", 0);
    expect(known.sample(stranger, 50, 1, prng).toSorted()).toEqual(["192.0.2.1:1", "192.0.2.2:2"]);
    expect(known.sample({ address: "192.0.2.1:1", isLoopback: false }, 50, 1, prng)).toEqual(["192.0.2.2:2"]);
  });

  test("a loopback address is of use only on loopback", () => {
    const known = new KnownPeers(new BanList());
    known.saw("127.0.0.1:1", 0);
    known.saw("[::1]:1", 0);
    expect(known.sample(stranger, 50, 1, prng)).toEqual([]);
    expect(known.sample({ address: undefined, isLoopback: true }, 50, 1, prng)).toHaveLength(2);
  });

  test("are forgotten after a time", () => {
    const known = new KnownPeers(new BanList());
    known.saw("192.0.2.1:1", 0);
    expect(known.sample(stranger, 50, KNOWN_PEER_TTL_MS, prng)).toHaveLength(1);
    expect(known.sample(stranger, 50, KNOWN_PEER_TTL_MS + 1, prng)).toHaveLength(0);
  });

  test("are not passed on once they lied, also if they come again", () => {
    const banned = new BanList();
    const known = new KnownPeers(banned);
    known.saw("192.0.2.1:1", 0);
    banned.add("192.0.2.1:1");
    expect(known.sample(stranger, 50, 1, prng)).toEqual([]);
    known.saw("192.0.2.1:1", 1);
    expect(known.sample(stranger, 50, 1, prng)).toEqual([]);
  });

  test("the one not seen for the longest time makes room", () => {
    const known = new KnownPeers(new BanList());
    known.saw("192.0.2.1:1", 0);
    for (let port = 1; port < KNOWN_PEERS_MAX; port += 1) known.saw(`192.0.2.2:${port}`, 0);
    known.saw("192.0.2.1:1", 1);
    known.saw("192.0.2.3:1", 2);
    const all = known.sample(stranger, 1_000, 3, prng);
    expect(all).toHaveLength(KNOWN_PEERS_MAX);
    expect(all).toContain("192.0.2.1:1");
    expect(all).not.toContain("192.0.2.2:1");
  });
});
