import { PiecewiseError, createPrng } from "@piecewise/base";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ContentAnnouncement, LookupAnswer, SwarmPeer } from "./registry-calls.js";
import { type SwarmRegistry, createSwarmRegistry } from "./registry.js";
import { answerDialBacks } from "./testing/answer-dial-backs.js";

const LEASE_MS = 10_000;
const PEERS = ["a", "b", "c", "d"] as const;
const CONTENTS = ["1", "2", "3"] as const;
const NAMES = ["film", "song"] as const;

/** Nobody is ever found at the last of the ports. */
const isReachable = ({ address }: { readonly address: string }): boolean => !address.endsWith(":3");

const peerIdOf = (peer: string): string => peer.repeat(32);
const contentIdOf = (content: string): string => `sha256:${content.repeat(64)}`;

/** What the tracker should know, as plain as it can be put: peers with their contents, and nothing is ever looked up fast. */
interface ModelPeer {
  readonly address: string;
  endsAtMs: number;
  sequence: bigint;
  readonly contents: Map<string, { name: string; piecesHeld: number }>;
}
type Model = Map<string, ModelPeer>;

type Step =
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "register"; readonly peer: string; readonly port: number; readonly contents: readonly Share[] }
  | {
      readonly kind: "renew";
      readonly peer: string;
      readonly skips: number;
      readonly added: readonly Share[];
      readonly removed: readonly string[];
      readonly progress: readonly Share[];
    }
  | { readonly kind: "unregister"; readonly peer: string };
interface Share {
  readonly content: string;
  readonly name: string;
  readonly piecesHeld: number;
}

const peer = fc.constantFrom(...PEERS);
const share: fc.Arbitrary<Share> = fc.record({
  content: fc.constantFrom(...CONTENTS),
  name: fc.constantFrom(...NAMES),
  piecesHeld: fc.nat(4),
});
const shares = fc.array(share, { maxLength: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(6_000) }),
  fc.record({ kind: fc.constant("register" as const), peer, port: fc.integer({ min: 1, max: 3 }), contents: shares }),
  fc.record({
    kind: fc.constant("renew" as const),
    peer,
    skips: fc.constantFrom(-1, 0, 0, 0, 1),
    added: shares,
    removed: fc.array(fc.constantFrom(...CONTENTS), { maxLength: 2 }),
    progress: shares,
  }),
  fc.record({ kind: fc.constant("unregister" as const), peer }),
);

const announce = ({ content, name, piecesHeld }: Share): ContentAnnouncement => ({
  contentId: contentIdOf(content),
  name,
  totalBytes: 400,
  pieceLength: 100,
  entryCount: 1,
  progress: { piecesHeld, coarseMap: new Uint8Array() },
});

const put = (contents: ModelPeer["contents"], { content, name, piecesHeld }: Share): unknown =>
  contents.set(contentIdOf(content), { name, piecesHeld });

test("knows what a naive model knows, after any calls at any times", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const registry = createSwarmRegistry({ leaseMs: LEASE_MS, prng: createPrng(1), createToken: () => "55", nowMs: 0 });
      const watchers = CONTENTS.map((content) => openWatch(registry, content));
      const model: Model = new Map();
      let nowMs = 0;
      const advance = (): void => {
        for (const [id, lease] of model) if (lease.endsAtMs <= nowMs) model.delete(id);
        for (const event of registry.advance(nowMs)) watchers.find(({ id }) => id === event.watchId)!.take(event);
      };
      for (const each of steps) {
        if (each.kind === "wait") nowMs += each.ms;
        advance();
        expect(applyToRegistry(each, registry, model, nowMs)).toBe(applyToModel(each, model, nowMs));
        answerDialBacks(registry, nowMs, isReachable);
        expect(lookAtRegistry(registry, nowMs)).toEqual(lookAtModel(model));
      }
      // A second later every watcher has heard everything.
      nowMs += 1_000;
      advance();
      expect(watchers.map((watcher) => watcher.seen())).toEqual(CONTENTS.map((content) => peersOf(model, contentIdOf(content))));
    }),
    { numRuns: 300 },
  );
});

const sequenceOf = (each: { readonly skips: number }, known: ModelPeer | undefined): bigint =>
  (known?.sequence ?? 5n) + 1n + BigInt(each.skips);

function applyToRegistry(each: Step, registry: SwarmRegistry, model: Model, nowMs: number): string {
  if (each.kind === "wait") return "OK";
  const peerId = peerIdOf(each.peer);
  const known = model.get(peerId);
  const observedHost = "127.0.0.1";
  return outcomeOf(() => {
    switch (each.kind) {
      case "unregister":
        return registry.unregister(peerId, "55", nowMs);
      case "register": {
        const contents = each.contents.map(announce);
        const leaseToken = known === undefined ? "" : "55";
        return registry.register(
          { peerId, observedHost, port: each.port, advertisedAddress: "", contents, sequence: 5n, leaseToken },
          nowMs,
        );
      }
      case "renew": {
        const progress = each.progress.map(({ content, piecesHeld }) => ({
          contentId: contentIdOf(content),
          piecesHeld,
          coarseMap: new Uint8Array(),
        }));
        const changes = { added: each.added.map(announce), removed: each.removed.map(contentIdOf), progress };
        return registry.renew({ peerId, observedHost, leaseToken: "55", sequence: sequenceOf(each, known), ...changes }, nowMs);
      }
    }
  });
}

function applyToModel(each: Step, model: Model, nowMs: number): string {
  if (each.kind === "wait") return "OK";
  const peerId = peerIdOf(each.peer);
  const known = model.get(peerId);
  if (each.kind === "unregister") {
    model.delete(peerId);
  } else if (each.kind === "register") {
    const address = `127.0.0.1:${each.port}`;
    for (const [id, other] of model) if (id === peerId || (other.address === address && isReachable(other))) model.delete(id);
    const entry: ModelPeer = { address, endsAtMs: nowMs + LEASE_MS, sequence: 5n, contents: new Map() };
    for (const one of each.contents) put(entry.contents, one);
    model.set(peerId, entry);
  } else {
    if (known === undefined || each.skips > 0) return "REGISTER_AGAIN";
    known.endsAtMs = nowMs + LEASE_MS;
    if (each.skips === 0) renewModel(known, each);
  }
  return "OK";
}

function renewModel(known: ModelPeer, each: Step & { kind: "renew" }): void {
  known.sequence = sequenceOf(each, known);
  for (const content of each.removed) known.contents.delete(contentIdOf(content));
  for (const one of each.added) put(known.contents, one);
  for (const { content, piecesHeld } of each.progress) {
    const membership = known.contents.get(contentIdOf(content));
    if (membership !== undefined) membership.piecesHeld = piecesHeld;
  }
}

function lookAtRegistry(registry: SwarmRegistry, nowMs: number): unknown {
  const ask = (what: { contentId: string } | { name: string }): LookupAnswer => {
    const nothing: LookupAnswer = { contents: [], peers: [] };
    const query = { what, pieceLength: 0, peersMax: 0, askerPeerId: "", askerHost: "127.0.0.1" };
    let answer = nothing;
    outcomeOf(() => (answer = registry.lookup(query, nowMs)));
    return answer;
  };
  const { peerCount, contentCount, membershipCount } = registry.stats(nowMs);
  return {
    swarms: CONTENTS.map((content) => {
      const { contents, peers } = ask({ contentId: contentIdOf(content) });
      return { peers: byAddress(peers), seedCount: contents[0]?.seedCount ?? 0, leecherCount: contents[0]?.leecherCount ?? 0 };
    }),
    named: NAMES.map((name) => ask({ name }).contents.map(({ contentId }) => contentId)),
    listed: NAMES.map((filter) =>
      registry.listContents({ filter, idPrefix: "", pageSize: 0, pageToken: "" }, nowMs).contents.map(({ contentId }) => contentId),
    ),
    peerCount,
    contentCount,
    membershipCount,
  };
}

function lookAtModel(model: Model): unknown {
  const peers = [...model.values()];
  const swarms = CONTENTS.map((content) => {
    const members = peersOf(model, contentIdOf(content));
    const seedCount = members.filter(({ piecesHeld }) => piecesHeld === 4).length;
    return { peers: members, seedCount, leecherCount: members.length - seedCount };
  });
  const named = NAMES.map((name) =>
    CONTENTS.map(contentIdOf).filter((contentId) => peers.some(({ contents }) => contents.get(contentId)?.name === name)),
  );
  return {
    swarms,
    named,
    listed: named,
    peerCount: peers.length,
    contentCount: CONTENTS.filter((content) => peers.some(({ contents }) => contents.has(contentIdOf(content)))).length,
    membershipCount: peers.reduce((sum, { contents }) => sum + contents.size, 0),
  };
}

/** A watcher that keeps what it is told. */
function openWatch(registry: SwarmRegistry, content: string) {
  const id = registry.openWatch({ contentId: contentIdOf(content), peersMax: 0, askerPeerId: "", askerHost: "127.0.0.1" }, 0);
  const sample = new Map<string, SwarmPeer>();
  return {
    id,
    content,
    take(event: ReturnType<SwarmRegistry["advance"]>[number]): void {
      if (event.kind === "stalled") throw new Error("nobody paused it");
      for (const address of event.removed) if (!sample.delete(address)) throw new Error(`${address} was never added`);
      for (const one of event.added) sample.set(one.address, one);
    },
    seen: (): SwarmPeer[] => byAddress([...sample.values()]),
  };
}

const byAddress = (peers: readonly SwarmPeer[]): SwarmPeer[] => peers.toSorted((one, other) => (one.address < other.address ? -1 : 1));

const peersOf = (model: Model, contentId: string): SwarmPeer[] =>
  byAddress(
    [...model].flatMap(([peerId, { address, contents }]) => {
      const membership = contents.get(contentId);
      return membership === undefined || !isReachable({ address }) ? [] : [{ address, peerId, piecesHeld: membership.piecesHeld }];
    }),
  );

function outcomeOf(call: () => unknown): string {
  try {
    call();
    return "OK";
  } catch (error) {
    if (error instanceof PiecewiseError) return error.code;
    throw error;
  }
}
